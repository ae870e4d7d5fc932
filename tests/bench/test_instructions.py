"""An event costs the recorder no more instructions than it did."""

import unittest

from bench import instructions

_MOST = 1.05


class Instructions(unittest.TestCase):
    def test_an_event_costs_hardly_more_than_recorded(self) -> None:
        counted = instructions.count()
        self.assertEqual([*counted], ["decode", "lanes", "fold", "encode"])
        known = instructions.recorded()
        # A compiler that nobody recorded is compared with the newest that somebody did.
        before = known.get(instructions.compiler(), known[max(known)])
        table = instructions.table(counted, before)
        print(table)
        self.assertLessEqual(
            sum(counted.values()),
            sum(before.values()) * _MOST,
            f"\n{table}\nFewer instructions, or, where they pay in the measurement, record them: "
            "PYTHONPATH=tests python3 -m bench.instructions --write",
        )


if __name__ == "__main__":
    unittest.main()
