"""The vectors: streams, and the rows that the reference leaves of each.

NAME.rows.json is what it leaves in PostgreSQL, NAME.sqlite-rows.json what it leaves in an SQLite
file where that is another.
"""

import itertools
import unittest
from collections.abc import Iterable, Sequence
from pathlib import Path

from differential.candidate import Candidate, Plan
from differential.oracle import Verdict
from differential.run import differences
from support.rows import load_rows

_GOLDEN = Path(__file__).parent
VECTORS = (
    *("capture", "plain", "shuffled", "chaos", "hostile", "forms"),
    *("nul", "long-names", "time-0001-01-01", "state-id-reused"),
)
BATCH_SIZES = (1, 7, 100, 5000)
LANES = (1, 4)


def expected_rows(vector: str, storage: str) -> Path:
    """What the reference left in that storage."""
    own = _GOLDEN / f"{vector}.{storage}-rows.json"
    return own if own.exists() else _GOLDEN / f"{vector}.rows.json"


def stream_of(vector: str) -> bytes:
    return (_GOLDEN / f"{vector}.jsonl").read_bytes()


def record_vectors(
    case: unittest.TestCase, candidate: Candidate, vectors: Sequence[str], plans: Iterable[Plan]
) -> None:
    for plan, vector in itertools.product(plans, vectors):
        stream = stream_of(vector)
        rows = load_rows(expected_rows(vector, plan.storage))
        verdict = Verdict(rows, [entry["error"] for entry in rows["rejected"]])
        with case.subTest(vector=vector, plan=str(plan)):
            found = differences(stream, verdict, candidate.record(stream, plan))
            case.assertEqual(found[:20], [])
