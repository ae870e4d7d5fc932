"""Feeds events at a rate, in a process of its own: `feeder.py WAY ADDRESS FILE COUNT RATE SECONDS`.

WAY is `deflate`: through WebSockets of `/api/events/in`, in the frames of Prefect's clients;
`plain`: the same without deflate; or `stream`: straight into JetStream, as the API would publish
them. The events are the first COUNT lines of FILE, as of now. It says `ready` when all is made
that can be made before, begins when it is given a line, ends after SECONDS, and says how many it
sent and what CPU time that took, in JSON. Its connections stay open until its input ends. Runs in
the venv of `support.prefect_nats_venv`.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.event_clients import EventClient
from support.jetstream import JetStream

_CONNECTIONS = 4
_PING_EVERY = 700
_SUBJECT = "prefect.events.task-run"
_PAUSE = 0.002

Send = Callable[[int, int], None]
"""Sends the events from one number to another."""


def _events(file: Path, count: int) -> Iterator[dict[str, Any]]:
    """With times of now: triggers do not wait for what an old event follows."""
    now = datetime.datetime.now(datetime.UTC)
    with file.open("rb") as lines:
        for number, line in enumerate(itertools.islice(lines, count)):
            event: dict[str, Any] = json.loads(line)
            when = (now + datetime.timedelta(microseconds=number)).isoformat()
            event |= {"occurred": when, "received": when}
            yield event


def _data(event: dict[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def _to_sockets(
    address: str, events: Iterator[dict[str, Any]], opened: contextlib.ExitStack, *, deflate: bool
) -> Send:
    clients = [
        opened.enter_context(EventClient(address, deflate=deflate)) for _ in range(_CONNECTIONS)
    ]
    frames = []
    for event in events:
        # What follows something follows it on the same connection.
        resource = event["resource"]["prefect.resource.id"].encode()
        client = clients[zlib.crc32(resource) % len(clients)]
        frames += [(client, frame) for frame in client.frames([_data(event)])]
    sent = dict.fromkeys(clients, 0)

    def send(first: int, last: int) -> None:
        for client, frame in frames[first:last]:
            client.send(frame)
            sent[client] += 1
            if sent[client] % _PING_EVERY == 0:
                client.ping()

    return send


def _to_stream(url: str, events: Iterator[dict[str, Any]], opened: contextlib.ExitStack) -> Send:
    stream = opened.enter_context(JetStream(url))
    messages = []
    for event in events:
        attributes = json.dumps({"id": event["id"], "event": event["event"]})
        headers = {"Nats-Msg-Id": event["id"], "Prefect-Attributes": attributes}
        messages.append(stream.message(_SUBJECT, _data(event), headers))
    return lambda first, last: stream.publish_messages(messages[first:last])


def _feed(send: Send, count: int, rate: float, seconds: float) -> int:
    """How many it sent."""
    sent = 0
    began = time.monotonic()
    while sent < count and (passed := time.monotonic() - began) < seconds:
        due = min(count, int(passed * rate) + 1)
        if due == sent:
            time.sleep(_PAUSE)
            continue
        # No more at once than a sender would that is in time, so that it ends in time.
        due = min(due, sent + max(1, int(rate / 10)))
        send(sent, due)
        sent = due
    return sent


def main() -> None:
    way, address, file = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    count, rate, seconds = int(sys.argv[4]), float(sys.argv[5]), float(sys.argv[6])
    with contextlib.ExitStack() as opened:
        events = _events(file, count)
        if way == "stream":
            send = _to_stream(address, events, opened)
        else:
            send = _to_sockets(address, events, opened, deflate=way == "deflate")
        print("ready", flush=True)
        sys.stdin.readline()
        before = time.process_time()
        sent = _feed(send, count, rate, seconds)
        print(json.dumps({"sent": sent, "cpu": time.process_time() - before}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
