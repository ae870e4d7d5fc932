"""`compared_flows.py RUN AT_ONCE`: the flows that are compared, run once, each tagged RUN.

Runs in the venv of `support.prefect_nats_venv`, as a client of an installation. It makes 32 task
runs and AT_ONCE more.
"""

from __future__ import annotations

import asyncio
import datetime
import sys
import time

from prefect.cache_policies import INPUTS
from prefect.context import tags
from prefect.events import emit_event
from prefect.flows import flow
from prefect.logging import get_run_logger
from prefect.runtime import task_run
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import task

LOGGED = "said within a flow"
EMITTED = "hangar.test.emitted"


@task(retries=2, retry_delay_seconds=0.1, tags=["retried"])
def flaky() -> int:
    tries: int = task_run.run_count
    if tries < 3:
        raise ValueError(f"try {tries}")
    return tries


@task(retries=1)
def hopeless() -> None:
    raise ValueError("it never works")


@task(cache_policy=INPUTS, persist_result=True, cache_expiration=datetime.timedelta(hours=1))
def remembered(value: str) -> str:
    return value


@task(timeout_seconds=0.2)
def slow() -> None:
    while True:
        time.sleep(0.02)


@task(task_run_name="square-{number}")
def square(number: int) -> int:
    return number * number


@task(version="2", description="sums")
def total(numbers: list[int]) -> int:
    return sum(numbers)


@task
async def awaited(number: int) -> int:
    await asyncio.sleep(0)
    return number


@task
def inner() -> str:
    return "inner"


@task
def outer() -> str:
    said: str = inner()
    return said


@flow(flow_run_name="retries")
def retries() -> None:
    flaky()
    hopeless(return_state=True)


@flow(flow_run_name="caching")
def caching(run: str) -> None:
    remembered(run)
    remembered(run)


@flow(flow_run_name="timeouts")
def timeouts() -> None:
    slow(return_state=True)


@flow(flow_run_name="mapped", task_runner=ThreadPoolTaskRunner(max_workers=4))
def mapped() -> None:
    total(square.map(range(10)))
    total([1], wait_for=[square.submit(10)])


@flow(flow_run_name="child")
def child() -> int:
    get_run_logger().warning(LOGGED)
    result: int = square(4)
    return result


@flow(flow_run_name="nested")
def nested() -> None:
    child()
    outer()
    emit_event(EMITTED, resource={"prefect.resource.id": "hangar.test"})


@flow(flow_run_name="asynchronous")
async def asynchronous() -> None:
    await asyncio.gather(*(awaited(number) for number in range(10)))


@flow(flow_run_name="at-once")
async def at_once(count: int) -> None:
    await asyncio.gather(*(awaited(number) for number in range(count)))


def main(run: str, count: int) -> None:
    with tags(run):
        retries()
        caching(run)
        timeouts()
        mapped()
        nested()
        asyncio.run(both(count))


async def both(count: int) -> None:
    await asynchronous()
    await at_once(count)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
