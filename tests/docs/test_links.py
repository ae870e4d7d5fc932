"""Every link of a page that stays in the project leads to a file, and to a heading of it."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

from support.tree import ROOT, files, named

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# A page that becomes one of another project.
_TEMPLATES = ROOT / "core" / "templates"


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text())


def _anchors(page: Path) -> set[str]:
    """As GitHub and GitLab make them of headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(_prose(page))
    }


class Links(unittest.TestCase):
    def test_each_leads_somewhere(self) -> None:
        pages = [page for page in files(".md") if not page.is_relative_to(_TEMPLATES)]
        found = 0
        for page in pages:
            for link in _LINK.findall(_CODE.sub("", _prose(page))):
                if re.match(r"[a-z]+:", link):
                    continue
                found += 1
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                with self.subTest(page=named(page), link=link):
                    self.assertTrue(target.is_relative_to(ROOT) and target.exists(), "no such file")
                    if anchor:
                        self.assertIn(anchor, _anchors(target), "no such heading")
        self.assertGreater(found, 50, "are links still written as this test thinks?")

    def test_readme_leads_to_every_page(self) -> None:
        """Perhaps by another page."""
        reached: set[Path] = set()
        ahead = [ROOT / "README.md"]
        while ahead:
            page = ahead.pop()
            if page in reached or page.suffix != ".md":
                continue
            reached.add(page)
            links = _LINK.findall(_CODE.sub("", _prose(page)))
            targets = [(page.parent / link.partition("#")[0]).resolve() for link in links]
            ahead += [target for target in targets if target.is_file()]
        self.assertEqual(set(files(".md", under="etc")) - reached, set())


if __name__ == "__main__":
    unittest.main()
