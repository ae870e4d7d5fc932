"""Three nats-servers that hold every stream together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from support.children import free_port
from support.servers import NatsServer


@contextlib.contextmanager
def nats_cluster() -> Iterator[list[NatsServer]]:
    ports = [free_port() for _ in range(3)]
    routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
    with contextlib.ExitStack() as exits:
        servers = [
            exits.enter_context(
                NatsServer(
                    settings=f"cluster {{ name: c, listen: 127.0.0.1:{port}, routes: [{routes}] }}",
                    in_cluster=True,
                )
            )
            for port in ports
        ]
        for server in servers:
            server.wait_ready()
        yield servers
