"""A TCP proxy on loopback that breaks connections in the ways a network does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

_CHUNK = 1 << 16
_HEARD = 1 << 20


class Proxy:
    """Passes connections on to a local port; as a context it ends with all of them.

    `refuse` and `accept` govern new connections; `freeze` makes those that are open half-open: both
    sides stay connected and hear nothing more. `cut_answer_to` loses one answer of the server.
    `heard` is what clients sent, up to a mebibyte.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._links: list[_Link] = []
        self._refusing = False
        self._pattern = b""
        self.cut = threading.Event()
        self.heard = b""

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Closing alone does not wake who waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.refuse()

    @property
    def accepted(self) -> int:
        """How many connections were passed on so far."""
        with self._lock:
            return len(self._links)

    def refuse(self) -> None:
        """Closes what is open, and whatever comes, until `accept`."""
        with self._lock:
            self._refusing = True
            links = list(self._links)
        for link in links:
            link.close()

    def accept(self) -> None:
        with self._lock:
            self._refusing = False

    def lead_to(self, port: int) -> None:
        """New connections go to another local port."""
        with self._lock:
            self._target = ("127.0.0.1", port)

    def freeze(self) -> None:
        """Nothing passes any more over the connections that are open; later ones work."""
        with self._lock:
            for link in self._links:
                link.frozen = True

    def drop(self, dropping: bool) -> None:
        """While `dropping`, what clients send over the open connections is lost."""
        with self._lock:
            for link in self._links:
                link.dropping = dropping

    def cut_answer_to(self, pattern: bytes) -> None:
        """Once a client sent `pattern`, the server's answer to it is lost and all is refused.

        `cut` is set then: the server did what it was asked, and nobody knows.
        """
        self._pattern = pattern

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._refusing:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                link = _Link(client, server)
                self._links.append(link)
            for pump in (self._to_server, self._to_client):
                threading.Thread(target=pump, args=(link,), daemon=True).start()

    def _to_server(self, link: _Link) -> None:
        for data in link.read(link.client):
            self._hear(data)
            if self._pattern and self._pattern in data:
                link.cutting, self._pattern = True, b""
            if not link.dropping:
                link.write(link.server, data)

    def _hear(self, data: bytes) -> None:
        with self._lock:
            if len(self.heard) < _HEARD:
                self.heard += data

    def _to_client(self, link: _Link) -> None:
        for data in link.read(link.server):
            if link.cutting:
                self.refuse()
                self.cut.set()
                return
            link.write(link.client, data)


class _Link:
    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.frozen = self.dropping = self.cutting = False

    def read(self, source: socket.socket) -> Iterator[bytes]:
        """What comes in, until either side ends."""
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                yield data
        if not self.frozen:
            self.close()

    def write(self, target: socket.socket, data: bytes) -> None:
        if not self.frozen:
            with contextlib.suppress(OSError):
                target.sendall(data)

    def close(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
