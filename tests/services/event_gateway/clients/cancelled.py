"""`cancelled.py NAME`: a runner with one flow run that only a cancellation ends; prints its id.

Runs with a release of Prefect's clients. The runner asks the API for runs when it begins and then
once in an hour, so what it hears of a cancellation meanwhile is an event.
"""

from __future__ import annotations

import asyncio
import sys
import time

from prefect.deployments import run_deployment
from prefect.flows import flow
from prefect.runner import Runner


@flow
def endless() -> None:
    while True:
        time.sleep(0.1)


async def main(name: str) -> None:
    runner = Runner(name=name, query_seconds=3600)
    deployment = await runner.add_flow(endless, name=name)
    run = await run_deployment(deployment, timeout=0)
    print(run.id)
    await runner.start()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
