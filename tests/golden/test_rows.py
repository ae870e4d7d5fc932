"""The expected rows stand one a line, as they were recorded, so that a diff can be read."""

import unittest
from pathlib import Path

from support.event_rows import load_event_rows, write_event_rows
from support.rows import load_rows, write_rows
from support.temporary import temporary_folder


class RowsFiles(unittest.TestCase):
    def test_each_is_what_record_writes_of_its_rows(self) -> None:
        folder = self.enterContext(temporary_folder("rows"))
        files = sorted(Path(__file__).parent.glob("*rows.json"))
        self.assertTrue(files)
        for file in files:
            written = folder / file.name
            if file.name.endswith("event-rows.json"):
                write_event_rows(written, load_event_rows(file))
            else:
                write_rows(written, load_rows(file))
            # Not assertEqual: its difference of such long lines takes minutes.
            self.assertTrue(
                written.read_text() == file.read_text(),
                f"tests/golden/{file.name} is not as `support` writes it",
            )


if __name__ == "__main__":
    unittest.main()
