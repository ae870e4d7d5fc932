"""etc/docs/metrics.md has every metric that the code has, as a running host tells it."""

import re
import unittest

from support.exposition import everything_running, families, table
from support.tree import ROOT, files

_PAGE = ROOT / "etc" / "docs" / "metrics.md"
_HINT = "paste what `PYTHONPATH=tests python3 -m support.exposition` prints"
# As core declares one, and as a service asks for one.
_DECLARED = re.compile(
    r'(?:\b(?:counter|histogram|begin|add)\(|\{)\s*"((?:hangar|process)_\w+)",(?!\s*\{\{)'
)


class Metrics(unittest.TestCase):
    def test_page_has_the_table_of_a_running_host(self) -> None:
        [_, rest] = _PAGE.read_text().split("<!-- metrics -->\n")
        found = rest.split("<!-- end -->")[0]
        with everything_running() as surface:
            status, text = surface.ask("/metrics")
        self.assertEqual(status, 200, text)
        self.maxDiff = None
        self.assertEqual(found, table(families(text)), _HINT)

    def test_page_has_every_metric_that_the_code_names(self) -> None:
        """Also one that this host did not need."""
        sources = [*files(".cpp", under="core/src"), *files(".cpp", under="services")]
        named = {name for file in sources for name in _DECLARED.findall(file.read_text())}
        listed = set(re.findall(r"^\| `(\w+)` \|", _PAGE.read_text(), re.MULTILINE))
        self.assertEqual(named, listed, _HINT)


if __name__ == "__main__":
    unittest.main()
