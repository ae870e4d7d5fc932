"""Prefect's own event persister, driven through its message handler as a broker would, without one.

Runs inside the venv of `support.prefect_venv` with Prefect's settings in its environment:
`prefect_persister.py EVENTS BATCH FIRST`. Hands each line of EVENTS over and ends when all are
flushed. Prints the seconds and the CPU seconds since the first FIRST were, which let it connect.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.server.events.services.event_persister import create_handler


@dataclass
class _Message:
    """What the handler looks at."""

    data: bytes
    attributes: dict[str, Any]


async def main(events: Path, batch: int, first: int) -> None:
    lines = events.read_bytes().splitlines()
    began = used = 0.0
    async with create_handler(batch_size=batch, flush_every=timedelta(hours=1)) as handler:
        for number, line in enumerate(lines):
            if number == first:
                began, used = time.monotonic(), time.process_time()
            await handler(_Message(line, {}))
    print(time.monotonic() - began, time.process_time() - used)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
