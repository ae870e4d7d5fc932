"""The expected rows stand one a line, as record.py writes them, so that a diff can be read."""

import unittest
from pathlib import Path

from support.rows import load_rows, write_rows
from support.temporary import temporary_folder


class RowsFiles(unittest.TestCase):
    def test_each_is_what_record_writes_of_its_rows(self) -> None:
        folder = self.enterContext(temporary_folder("rows"))
        files = sorted(Path(__file__).parent.glob("*rows.json"))
        self.assertTrue(files)
        for file in files:
            written = folder / file.name
            write_rows(written, load_rows(file))
            # Not assertEqual: its difference of such long lines takes minutes.
            self.assertTrue(
                written.read_text() == file.read_text(),
                f"tests/golden/{file.name} is not as `support.rows.write_rows` writes it",
            )


if __name__ == "__main__":
    unittest.main()
