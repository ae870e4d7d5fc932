"""`emitting.py MARK`: sends events in each way of a client, and subscribes to them meanwhile.

Runs with a release of Prefect's clients. It prints what it sent and what came, in JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from prefect.events import Event, emit_event
from prefect.events.clients import get_events_client, get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.flows import flow
from prefect.tasks import task

_MARK = sys.argv[1]
_RESOURCE = {"prefect.resource.id": f"clients.{_MARK}"}
_BY_CLIENT, _CHECKPOINT = 50, 20
_WAYS = ("client",) * _BY_CLIENT + ("outside", "flow", "task")


def _emit(way: str) -> Any:
    return emit_event(f"{_MARK}.{way}", resource=_RESOURCE)


@task
def within_task() -> str:
    return str(_emit("task").id)


@flow
def within_flow() -> list[str]:
    return [str(_emit("flow").id), within_task()]


async def _by_client() -> tuple[list[str], int]:
    """The ids that it sent, and how many of them no pong has confirmed."""
    events = [Event(event=f"{_MARK}.client", resource=_RESOURCE) for _ in range(_BY_CLIENT)]
    async with get_events_client(checkpoint_every=_CHECKPOINT) as client:
        for event in events:
            await client.emit(event)
        return [str(event.id) for event in events], len(client._unconfirmed_events)


async def main() -> None:
    chosen = EventFilter(event=EventNameFilter(prefix=[f"{_MARK}."]))
    async with asyncio.timeout(120), get_events_subscriber(filter=chosen) as subscriber:
        sent, unconfirmed = await _by_client()
        sent.append(str(_emit("outside").id))
        sent += await asyncio.to_thread(within_flow)
        came: list[Event] = []
        async for event in subscriber:
            came.append(event)
            if len(came) == len(_WAYS):
                break
    related = {event.event: sorted(each.role for each in event.related) for event in came}
    ids = [str(event.id) for event in came]
    print(json.dumps({"sent": sent, "unconfirmed": unconfirmed, "came": ids, "related": related}))


asyncio.run(main())
