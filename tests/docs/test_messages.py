"""etc/docs/troubleshoot.md quotes messages and reasons that the program has."""

from __future__ import annotations

import re
import unittest

from support.tree import ROOT, files

_PAGE = ROOT / "etc" / "docs" / "troubleshoot.md"
_HEADER = re.compile(r"^\| (message|reason) \|.*\n\|[-|]+\n((?:\|.*\n)+)", re.MULTILINE)
_QUOTED = re.compile(r"`([^`]+)`")
# Literals that stand one after the other are one.
_SEAM = re.compile(r'"\s*\n\s*"')
_HOLE = "…"


def _quoted(kind: str) -> list[str]:
    tables = [rows for header, rows in _HEADER.findall(_PAGE.read_text()) if header == kind]
    cells = [row.split(" | ")[0] for rows in tables for row in rows.splitlines()]
    return [text for cell in cells for text in _QUOTED.findall(cell)]


class Messages(unittest.TestCase):
    def setUp(self) -> None:
        sources = [
            file
            for folder in ("core/src", "plugins", "services")
            for file in files(".cpp", ".hpp", under=folder)
        ]
        self.code = "\n".join(_SEAM.sub("", file.read_text()) for file in sources)

    def test_each_message_is_one_of_the_program(self) -> None:
        messages = _quoted("message")
        self.assertGreater(len(messages), 20)
        for message in messages:
            parts = [re.escape(part) for part in message.split(_HOLE)]
            literal = r'"[^"\n]*' + r'[^"\n]*'.join(parts)
            with self.subTest(message=message):
                self.assertRegex(self.code, literal, "quote it as the program says it now")

    def test_each_reason_is_one_of_the_program(self) -> None:
        reasons = _quoted("reason")
        self.assertGreater(len(reasons), 10)
        for reason in reasons:
            with self.subTest(reason=reason):
                self.assertIn(f'"{reason}"', self.code)


if __name__ == "__main__":
    unittest.main()
