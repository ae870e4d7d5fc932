"""Three nats-servers that hold every stream together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from support.children import free_port, wait_until
from support.jetstream import JetStream, JetStreamError
from support.proxy import Proxy
from support.servers import NatsServer


@contextlib.contextmanager
def nats_cluster() -> Iterator[list[NatsServer]]:
    ports = [free_port() for _ in range(3)]
    with contextlib.ExitStack() as exits:
        yield _start(exits, [(port, ports) for port in ports])


@contextlib.contextmanager
def divisible_cluster() -> Iterator[tuple[list[NatsServer], Proxy]]:
    """The same, and the only way between the first and the others."""
    ports = [free_port() for _ in range(3)]
    with contextlib.ExitStack() as exits:
        way = exits.enter_context(Proxy(ports[0]))
        # What they tell each other of their addresses leads nowhere. JetStream in a cluster wants a
        # route, and the first one's leads to itself.
        routes = [(ports[0], ports[:1]), *((port, [way.port, *ports[1:]]) for port in ports[1:])]
        servers = _start(exits, routes, told="1")
        yield servers, way


def _start(
    exits: contextlib.ExitStack, members: list[tuple[int, list[int]]], told: str = ""
) -> list[NatsServer]:
    servers = []
    for port, others in members:
        routes = ", ".join(f"nats://127.0.0.1:{other}" for other in others)
        tell = f"advertise: 127.0.0.1:{told}, " if told else ""
        settings = f"cluster {{ name: c, {tell}listen: 127.0.0.1:{port}, routes: [{routes}] }}"
        servers.append(exits.enter_context(NatsServer(settings=settings, in_cluster=True)))
    for server in servers:
        server.wait_ready()
    # Each is ready before it knows of the others.
    wait_until(lambda: _places_on_all(servers[0]), what="a cluster that holds streams")
    return servers


def _places_on_all(server: NatsServer) -> bool:
    try:
        with JetStream(server.url, timeout=5) as stream:
            stream.request("STREAM.CREATE.PROBE", name="PROBE", subjects=["probe"], num_replicas=3)
            stream.request("STREAM.DELETE.PROBE")
    except (JetStreamError, OSError, ValueError):
        return False
    return True
