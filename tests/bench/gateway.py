"""The event gateway beside one uvicorn process of Prefect's API, with prefect-nats.

Each has a nats-server of its own. Events shaped like those of real clients come over some
WebSockets, one write for each, with a ping every 700; each client waits for its pongs, and the time
ends when all are in the stream. CPU is of the process alone, user and system. Idle sockets are of
clients that have authenticated with deflate. Subscribers want what flow runs want, and get no event
of these. Neither of the two serves subscribers but where these are measured.
Run from the repository: `PYTHONPATH=tests python3 tests/bench/gateway.py`; `--write` writes
tests/bench/results/GATEWAY.md, and `--only gateway` or `--only prefect` measures one of the two.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import itertools
import json
import os
import platform
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.peers import EVENTS, Gateway, Peer, PrefectPeer

from bench.client_events import AT_ONCE, client_events
from bench.event_clients import OUT, EventClient
from bench.processes import cpu_seconds, processor, resident_kib
from support.children import wait_until
from support.copies import copied_events
from support.jetstream import JetStream

_RESULTS = Path(__file__).parent / "results" / "GATEWAY.md"
PING_EVERY = 700
PINGS = 3_000
SAMPLED = 500  # Events whose latency is measured.
SECONDS = 5.0  # For so long, or as long as the events last.
_OBSERVED = "prefect.flow-run.Cancelling"
# An idle socket is to be idle.
_IDLE = {"PREFECT_SERVER_API_WEBSOCKET_PING_INTERVAL": "3600"}
_NO_SUBSCRIBERS = {
    "PREFECT_API_EVENTS_STREAM_OUT_ENABLED": "false",
    "HANGAR_SERVICES_EVENT_GATEWAY_EVENTS_OUT": "false",
}
_WANTED = {
    "own CPU an event, plain, µs": "≤ 15",
    "own CPU an event, deflate, µs": "",
    "frame to PubAck at half rate, p99, ms": "≤ 20",
    "memory of these, MiB": "≤ 250",
    "these subscribers add to an event, µs": "≤ 5",
    "events per CPU second, plain": "≥ 25 ×",
    "events per CPU second, deflate": "≥ 12 ×",
}


class Load(NamedTuple):
    """How much one of the two is given."""

    events: int
    connections: int
    sockets: int
    subscribers: int


class Bench:
    """One of the two, and events that it has not had."""

    def __init__(self, peer: Peer, load: Load, events: Iterator[bytes]) -> None:
        self.peer, self.load, self._events = peer, load, events
        self._sent = 0

    def _clients(
        self, count: int, opened: contextlib.ExitStack, deflate: bool
    ) -> list[EventClient]:
        return [
            opened.enter_context(EventClient(self.peer.address, deflate=deflate))
            for _ in range(count)
        ]

    def _take(self, count: int) -> list[bytes]:
        taken = list(itertools.islice(self._events, count))
        if len(taken) < count:
            raise RuntimeError("there are not so many events")
        self._sent += count
        return taken

    def _stored(self) -> bool:
        with JetStream(self.peer.nats.url) as jetstream:
            state = jetstream.request(f"STREAM.INFO.{EVENTS}")["state"]
        return int(state["messages"]) >= self._sent

    def _all_stored(self) -> None:
        wait_until(self._stored, what="all events in the stream", within=600)

    @contextlib.contextmanager
    def _micros(self, each: int) -> Iterator[list[float]]:
        """CPU, and what nats-server takes, for `each` of what is done meanwhile."""
        pids = (self.peer.pid, self.peer.nats.pid)
        before = [cpu_seconds(pid) for pid in pids]
        used: list[float] = []
        yield used
        seconds = [cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
        used += [taken / each * 1e6 for taken in seconds]

    def events(self, *, deflate: bool) -> tuple[float, float, float]:
        """CPU an event, of nats-server too, and events a second."""
        count, ways = self.load.events, self.load.connections
        with contextlib.ExitStack() as opened:
            clients = self._clients(ways, opened, deflate)
            shares = [client.frames(self._take(count // ways)) for client in clients]
            threads = [
                threading.Thread(target=client.send_all, args=(share, PING_EVERY))
                for client, share in zip(clients, shares, strict=True)
            ]
            began = time.perf_counter()
            with self._micros(count // ways * ways) as used:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                self._all_stored()
            return used[0], used[1], count / (time.perf_counter() - began)

    def ping(self) -> float:
        with EventClient(self.peer.address, deflate=False) as client:
            with self._micros(PINGS) as used:
                for _ in range(PINGS):
                    client.ping()
            return used[0]

    def idle(self) -> float:
        """MiB that the idle sockets take."""
        with contextlib.ExitStack() as opened:
            before = resident_kib(self.peer.pid)[0]
            self._clients(self.load.sockets, opened, deflate=True)
            took = resident_kib(self.peer.pid)[0] - before
        return took / 1024

    @contextlib.contextmanager
    def subscribed(self) -> Iterator[None]:
        """With subscribers who have heard of one event, and will not of another."""
        now = datetime.datetime.now(datetime.UTC)
        since, until = now - datetime.timedelta(minutes=1), now + datetime.timedelta(days=365)
        wanted = {
            "occurred": {"since": since.isoformat(), "until": until.isoformat()},
            "event": {"name": [_OBSERVED]},
        }
        with contextlib.ExitStack() as opened:
            sender = opened.enter_context(EventClient(self.peer.address, deflate=False))
            clients = []
            for _ in range(self.load.subscribers):
                client = EventClient(self.peer.address, deflate=True, path=OUT)
                clients.append(opened.enter_context(client))
                client.subscribe(wanted)
            hearing = threading.Thread(target=_all_hear, args=(clients,))
            hearing.start()
            while hearing.is_alive():
                self._sent += 1
                sender.seconds_until_stored(sender.frames([_observed()])[0])
                hearing.join(0.5)
            yield

    def latency(self, rate: float) -> tuple[float, float]:
        """Milliseconds from a frame to the pong behind it, at this rate: the median, and p99."""
        with (
            EventClient(self.peer.address, deflate=False) as steady,
            EventClient(self.peer.address, deflate=False) as sampler,
        ):
            sampled = sampler.frames(self._take(SAMPLED))
            count = min(round(rate * SECONDS), 2 * self.load.events)
            frames = steady.frames(self._take(count))
            sender = threading.Thread(target=_paced, args=(steady, frames, rate))
            sender.start()
            found = []
            for frame in sampled:
                time.sleep(count / rate / len(sampled) / 2)
                found.append(sampler.seconds_until_stored(frame) * 1e3)
            sender.join()
        self._all_stored()
        found.sort()
        return found[len(found) // 2], found[len(found) * 99 // 100]


def _paced(client: EventClient, frames: list[bytes], rate: float) -> None:
    began = time.perf_counter()
    for number, frame in enumerate(frames):
        if (ahead := began + number / rate - time.perf_counter()) > 0.001:
            time.sleep(ahead)
        client.send(frame)
    client.ping()


def _all_hear(clients: list[EventClient]) -> None:
    for client in clients:
        client.wait_for_event()


def _observed() -> bytes:
    event = {
        "id": str(uuid.uuid4()),
        "occurred": datetime.datetime.now(datetime.UTC).isoformat(),
        "event": _OBSERVED,
        "resource": {"prefect.resource.id": f"prefect.flow-run.{uuid.uuid4()}"},
    }
    return json.dumps(event).encode()


def measure(bench: Bench, runs: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, deflate in (("plain", False), ("deflate", True)):
        samples = [bench.events(deflate=deflate) for _ in range(runs)]
        own, nats, rate = (statistics.median(each) for each in zip(*samples, strict=True))
        found |= {
            f"own CPU an event, {name}, µs": own,
            f"nats-server's CPU an event, {name}, µs": nats,
            f"events per CPU second, {name}": 1e6 / own,
            f"events/s, {name}": rate,
        }
    median, p99 = bench.latency(found["events/s, plain"] / 2)
    found |= {
        "frame to PubAck at half rate, median, ms": median,
        "frame to PubAck at half rate, p99, ms": p99,
    }
    found["own CPU a ping, µs"] = bench.ping()
    mib = bench.idle()
    sockets = bench.load.sockets
    return found | {
        "idle sockets": sockets,
        "memory of these, MiB": mib,
        "memory of one, KiB": mib / sockets * 1024,
    }


def measure_subscribers(bench: Bench, runs: int) -> dict[str, float]:
    bench.events(deflate=False)  # The first fills what is kept for those who subscribe.
    without, added = [], []
    for _ in range(runs):
        without.append(bench.events(deflate=False)[0])
        with bench.subscribed():
            added.append(bench.events(deflate=False)[0] - without[-1])
    return {
        "own CPU an event where nobody has subscribed, µs": statistics.median(without),
        "subscribers that want none of the events": bench.load.subscribers,
        "these subscribers add to an event, µs": statistics.median(added),
    }


def report(
    columns: dict[str, dict[str, float]], command: str, options: argparse.Namespace, nats: str
) -> str:
    head = (
        f"{options.events:,} events of 2,315 bytes with 7.5 resources over {options.connections} "
        f"sockets, Prefect a tenth of them; the median of {options.runs} runs. {processor()}, "
        f"{os.cpu_count()} cores that all processes share, with a load of "
        f"{os.getloadavg()[0]:.0f} in the end; Linux {platform.release()}; nats-server "
        f"{nats}; Prefect 3.9.1, one uvicorn process; "
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}."
    )
    both = len(columns) > 1
    lines = [
        f"| | {' | '.join(columns)} |{' times less or more | wanted |' if both else ' wanted |'}",
        f"|---|{'---|' * (len(columns) + 1 + both)}",
    ]
    for row in next(iter(columns.values())):
        cells = [f"{column[row]:,.1f}" for column in columns.values()]
        if both:
            ours, theirs = (column[row] for column in columns.values())
            more = "events" in row and "µs" not in row
            cells.append(f"{ours / theirs if more else theirs / max(ours, 0.1):,.1f}")
        lines.append(f"| {row} | {' | '.join(cells)} | {_WANTED.get(row, '')} |")
    return f"# What the event gateway takes\n`{command}`\n\n{head}\n\n" + "\n".join(lines) + "\n"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=40_000, help="Prefect has a tenth of them")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--only", choices=("gateway", "prefect"))
    parser.add_argument("--write", action="store_true", help=f"write {_RESULTS.name}")
    return parser.parse_args()


def _bench(peer: Peer, load: Load, golden: list[bytes], copies: int) -> Bench:
    return Bench(peer, load, iter(copied_events(golden, copies, seed=1, at_once=AT_ONCE)))


def main() -> None:
    options = arguments()
    golden = client_events()
    columns: dict[str, dict[str, float]] = {}
    nats = ""
    servers: dict[str, type[Gateway | PrefectPeer]] = {"gateway": Gateway, "prefect": PrefectPeer}
    for name, server in servers.items():
        if options.only not in (None, name):
            continue
        ours = name == "gateway"
        count = options.events if ours else options.events // 10
        copies = (count * (2 * options.runs + 3) + SAMPLED) // len(golden) + 1
        # The hundredth socket of Prefect 3.9.1 with prefect-nats waits for ever.
        sockets = options.sockets if ours else min(options.sockets, 80)
        subscribers = options.subscribers if ours else min(options.subscribers, 25)
        load = Load(count, options.connections, sockets, subscribers)
        with server({**_IDLE, **_NO_SUBSCRIBERS}) as peer:
            columns[name] = measure(_bench(peer, load, golden, copies), options.runs)
            nats = peer.nats.version()
        with server(_IDLE) as peer:
            columns[name] |= measure_subscribers(_bench(peer, load, golden, copies), options.runs)
    command = f"PYTHONPATH=tests python3 {' '.join(['tests/bench/gateway.py', *sys.argv[1:]])}"
    text = report(columns, command, options, nats)
    print(text)
    if options.write:
        _RESULTS.write_text(text)


if __name__ == "__main__":
    main()
