"""Prefect's own recorder, driven through its `consumer()` as a broker would, without one.

Runs inside the venv of `support.prefect_venv` with Prefect's settings in its environment:
`prefect_recorder.py EVENTS ACKED BATCH RATE`. Each line of EVENTS that is not in ACKED is handed to
the message handler, RATE a second at most; the number of a line goes to ACKED when the handler has
returned, which is when a broker forgets the message. Ends when all are handed over and flushed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.server.services.task_run_recorder import consumer


@dataclass
class _Message:
    """What the handler looks at."""

    data: bytes
    attributes: dict[str, Any]


_DELIVERIES = 4


async def main(events: Path, acked: Path, batch: int, rate: float) -> None:
    done = {int(line) for line in acked.read_text().splitlines()}
    lines = events.read_bytes().splitlines()
    waiting = deque((number, 1) for number in range(len(lines)) if number not in done)
    began = time.monotonic()
    with acked.open("a", buffering=1) as ledger:
        async with consumer(write_batch_size=batch, flush_every=1) as handler:
            while waiting:
                number, delivery = waiting.popleft()
                if rate:
                    late = began + (number - len(done)) / rate - time.monotonic()
                    await asyncio.sleep(max(late, 0))
                try:
                    await handler(_Message(lines[number], {}))
                    ledger.write(f"{number}\n")
                except Exception:
                    # What a broker does: deliver it again, and give up in the end.
                    if delivery < _DELIVERIES:
                        waiting.append((number, delivery + 1))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
