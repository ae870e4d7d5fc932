"""An API behind the gateway that tells what reached it, and answers in the ways servers do."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import h11


@dataclass
class Seen:
    """A request as it reached the API."""

    method: str
    target: str
    head: bytes
    """As it came, byte by byte."""
    size: int = 0
    digest: str = ""


@dataclass
class Upstream:
    """Serves on a free port of loopback, by the parser of Prefect's own server."""

    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """A request came that waits to be released."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Its client went away meanwhile."""
    echoed: asyncio.Event = field(default_factory=asyncio.Event)
    """What an Upgrade made of a connection has ended."""
    _served: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        async with server:
            host, found = server.sockets[0].getsockname()[:2]
            yield f"{host}:{found}"
            server.close()
            for each in self._served:
                each.cancel()
            await asyncio.gather(*self._served)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if task := asyncio.current_task():
            self._served.add(task)
            task.add_done_callback(self._served.discard)
        ended = (ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError)
        with contextlib.suppress(*ended):
            while await self._answer(reader, writer):
                pass
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        parser = h11.Connection(h11.SERVER)
        parser.receive_data(head)
        request = parser.next_event()
        assert isinstance(request, h11.Request), request
        seen = Seen(request.method.decode(), request.target.decode(), head)
        self.seen.append(seen)
        how = seen.target.split("?")[0].removeprefix("/api/")
        if how == "early":
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge")
            await writer.drain()
            return False
        if how == "vanish":
            return False
        if how == "websocket":
            return await self._echo(reader, writer)
        if parser.they_are_waiting_for_100_continue:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        digest = hashlib.sha256()
        while not isinstance(event := parser.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                parser.receive_data(await reader.read(1 << 16))
            elif isinstance(event, h11.Data):
                seen.size += len(event.data)
                digest.update(event.data)
        seen.digest = digest.hexdigest()
        if how == "held" and not await self._released(reader):
            return False
        return await self._tell(how, seen, writer)

    async def _released(self, reader: asyncio.StreamReader) -> bool:
        self.reached.set()
        released = asyncio.create_task(self.released.wait())
        left = asyncio.create_task(reader.read(1))
        await asyncio.wait((released, left), return_when=asyncio.FIRST_COMPLETED)
        if left.done():
            self.left.set()
        for each in (released, left):
            each.cancel()
        return not left.done()

    async def _tell(self, how: str, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        body = json.dumps({"method": seen.method, "target": seen.target, "size": seen.size,
                           "digest": seen.digest}).encode()  # fmt: skip
        if how == "stream":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for part in (b"first", b"second"):
                writer.write(b"%x\r\n%s\r\n" % (len(part), part))
                await writer.drain()
                self.reached.set()
                await self.released.wait()
            writer.write(b"0\r\nX-Trailer: 1\r\n\r\n")
        elif how == "until-close":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)
        elif how == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        elif how == "two-lengths":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
        elif how == "large":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 << 20))
            for _ in range(1024):
                writer.write(b"x" * (64 << 10))
                await writer.drain()
        elif how in ("204", "304"):
            # A length there is that of a body that does not come.
            length = b"" if how == "204" else b"Content-Length: 100\r\n"
            writer.write(b"HTTP/1.1 %s Empty\r\n%s\r\n" % (how.encode(), length))
        else:
            sent = b"" if seen.method == "HEAD" else body
            extra = b"Connection: close\r\n" if how == "close" else b""
            writer.write(b"HTTP/1.1 200 OK\r\nServer: upstream\r\n%sContent-Length: %d\r\n\r\n%s"
                         % (extra, len(body), sent))  # fmt: skip
        await writer.drain()
        return how not in ("until-close", "cut", "close", "two-lengths")

    async def _echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """What an Upgrade made of the connection."""
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                     b"Upgrade: echo\r\n\r\nhello")  # fmt: skip
        while some := await reader.read(1 << 16):
            writer.write(some)
            await writer.drain()
        self.echoed.set()
        writer.write(b"bye")
        await writer.drain()
        return False
