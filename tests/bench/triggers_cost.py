"""What an event of task runs costs the process of Prefect's reactive triggers, wide and narrow.

The process runs that service alone, without an automation, on a nats-server and an SQLite file.
Events shaped like those of real clients go straight into the stream, `--events` of them. Prints CPU
time of the process for each event, and of nats-server with storing it; and what the process takes
a second when nothing comes.
Run from the repository: `PYTHONPATH=tests python3 tests/bench/triggers_cost.py`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.client_events import AT_ONCE, client_events
from bench.processes import cpu_seconds
from support.children import spawn, wait_until
from support.copies import copied_events
from support.jetstream import JetStream, JetStreamError
from support.prefect_installation import MESSAGING
from support.prefect_nats_venv import prefect_nats_venv
from support.prefect_venv import create_prefect_sqlite, prefect_url
from support.servers import NatsServer
from support.temporary import temporary_folder

_DURABLE = "PREFECT_EVENTS.events-reactive-triggers"
_SERVICE = """
import asyncio
from prefect.server.events.services.triggers import ReactiveTriggers
asyncio.run(ReactiveTriggers().start())
"""
_IDLE = 20.0
_PATIENCE = 1800.0


def _streamed(nats: NatsServer, *, narrow: bool) -> None:
    """The stream, and the durable as a process leaves it that nothing needed task runs of."""
    config = {"durable_name": "events-reactive-triggers", "ack_policy": "explicit"}
    if narrow:
        note = "prefect-nats: narrow, no automation needed task runs up to 0"
        config |= {"filter_subject": "prefect.events.other", "description": note}
    with JetStream(nats.url) as stream:
        stream.request(
            "STREAM.CREATE.PREFECT_EVENTS", name="PREFECT_EVENTS", subjects=["prefect.events.>"]
        )
        call = f"CONSUMER.DURABLE.CREATE.{_DURABLE}"
        stream.request(call, stream_name="PREFECT_EVENTS", config=config)


@contextmanager
def _triggers(nats: NatsServer, *, narrow: bool) -> Iterator[subprocess.Popen[bytes]]:
    """The service in a process of its own, when it has begun to read."""
    venv = prefect_nats_venv()
    with temporary_folder("triggers") as folder:
        database = create_prefect_sqlite(folder / "prefect.db")
        environment = {
            **venv.environment(folder / "home", prefect_url(str(database))),
            **MESSAGING,
            "PREFECT_NATS_MESSAGING_URL": nats.url,
            "PREFECT_NATS_MESSAGING_NARROW_TRIGGERS": str(narrow),
        }
        log = folder / "log"
        child = spawn([venv.python, "-c", _SERVICE], log=log, environment=environment)
        try:
            with JetStream(nats.url) as stream:

                def reads() -> bool:
                    return bool(stream.request(f"CONSUMER.INFO.{_DURABLE}")["num_waiting"])

                wait_until(reads, what="triggers", process=child, log=log, within=_PATIENCE)
            yield child
        finally:
            child.kill()
            child.wait()


def _publish(nats: NatsServer, count: int) -> None:
    events = client_events()
    copies = copied_events(events, -(-count // len(events)), seed=1, at_once=AT_ONCE)
    with JetStream(nats.url) as stream:
        for data, _ in zip(copies, range(count), strict=False):
            event = json.loads(data)
            attributes = json.dumps({"id": event["id"], "event": event["event"]})
            stream.publish("prefect.events.task-run", [data], {"Prefect-Attributes": attributes})


def _handled(nats: NatsServer) -> bool:
    with JetStream(nats.url) as stream:
        try:
            found = stream.request(f"CONSUMER.INFO.{_DURABLE}")
        except JetStreamError:
            return False
    return bool(found["num_pending"] == found["num_ack_pending"] == 0)


def measure(count: int, *, narrow: bool) -> str:
    with NatsServer() as nats:
        _streamed(nats, narrow=narrow)
        with _triggers(nats, narrow=narrow) as child:
            time.sleep(2)  # it reads its own settings and automations still
            before = cpu_seconds(child.pid)
            time.sleep(_IDLE)
            idle = (cpu_seconds(child.pid) - before) / _IDLE
            before, server, began = cpu_seconds(child.pid), cpu_seconds(nats.pid), time.monotonic()
            _publish(nats, count)
            wait_until(lambda: _handled(nats), what="the events", within=_PATIENCE)
            took = time.monotonic() - began
            own, servers = cpu_seconds(child.pid) - before, cpu_seconds(nats.pid) - server
    each = 1e6 / count
    return (
        f"| {'narrow' if narrow else 'wide'} | {own * each:.0f} µs | {servers * each:.0f} µs "
        f"| {count / took:.0f}/s | {idle * 1e3:.1f} ms |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    count = parser.parse_args().events
    print(
        "| durable | triggers, an event | nats-server, an event | events | triggers, idle second |"
    )
    print("|---|---|---|---|---|")
    for narrow in (False, True):
        print(measure(count, narrow=narrow), flush=True)


if __name__ == "__main__":
    main()
