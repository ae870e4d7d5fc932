"""A TCP proxy on loopback that breaks connections in the ways a network does."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from support.owner import Owner

_CHUNK = 1 << 16
# So much of what arrives together is passed on byte by byte on a bad link: every message's head.
_SLICED = 64
_HEARD = 1 << 20


class Proxy(Owner):
    """Passes what connects to `port` on to another local port; all connections end with it.

    `refuse` and `accept` govern new connections; `freeze` makes those that are open half-open: both
    sides stay connected and hear nothing more. `clog` holds everything up and loses nothing.
    `cut_answer_to` loses one answer of the server.
    `heard` is what clients sent, up to a mebibyte.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._lock = threading.Lock()
        self._links: list[_Link] = []
        self._refusing = False
        self._pattern = b""
        self._weather: _Weather | None = None
        self._flowing = threading.Event()
        self._flowing.set()
        self.cut = threading.Event()
        self.heard = b""

    def _open(self, opened: contextlib.ExitStack) -> None:
        self._listener = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        opened.callback(self._end)

    def _end(self) -> None:
        # Closing alone does not wake who waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.refuse()
        self.unclog()

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

    def clog(self) -> None:
        """What is sent over old and new connections waits until `unclog`."""
        self._flowing.clear()

    def unclog(self) -> None:
        self._flowing.set()

    def worsen(self, *, delay: float, jitter: float, loss: float, seed: int) -> None:
        """Makes each way of connections to come slow and torn, as a bad radio link.

        What arrives together takes `delay` seconds, up to `jitter` more or less, and three times as
        long with the probability `loss`, as what TCP has to send again.
        """
        self._weather = _Weather(delay, jitter, loss, random.Random(seed))

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
                link = _Link(client, server, self._flowing, self._weather)
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


@dataclass(frozen=True)
class _Weather:
    delay: float
    jitter: float
    loss: float
    chance: random.Random

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What comes out of it, in the time that it takes."""
        late = self.delay + self.chance.uniform(-self.jitter, self.jitter)
        time.sleep(late * (3 if self.chance.random() < self.loss else 1))
        for i in range(min(_SLICED, len(data))):
            yield data[i : i + 1]
        yield data[_SLICED:]


class _Link:
    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        flowing: threading.Event,
        weather: _Weather | None,
    ) -> None:
        self.client, self.server = client, server
        self.frozen = self.dropping = self.cutting = False
        self._flowing, self._weather = flowing, weather
        if weather is not None:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, source: socket.socket) -> Iterator[bytes]:
        """What comes in, until either side ends."""
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                yield data
        if not self.frozen:
            self.close()

    def write(self, target: socket.socket, data: bytes) -> None:
        self._flowing.wait()
        if not self.frozen:
            with contextlib.suppress(OSError):
                for piece in self._weather.pieces(data) if self._weather else (data,):
                    target.sendall(piece)

    def close(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
