"""A connection to the gateway over which bytes are sent as they are."""

from __future__ import annotations

import asyncio
import contextlib
import json

_HOST = "Host: h\r\n"


def get(path: str, more: str = "", method: str = "GET") -> bytes:
    return f"{method} /api/{path} HTTP/1.1\r\n{_HOST}{more}\r\n".encode()


def post(path: str, body: bytes, more: str = "") -> bytes:
    return get(path, f"Content-Length: {len(body)}\r\n{more}", "POST") + body


class Client:
    """A connection over which bytes are sent as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), headers

    async def answer(self, *request: bytes) -> tuple[int, bytes]:
        await self.send(*request)
        status, headers = await self.head()
        return status, await self.reader.readexactly(int(headers.get("content-length", "0")))

    async def told(self, *request: bytes) -> dict[str, object]:
        """What the API says that it has seen."""
        status, body = await self.answer(*request)
        assert status == 200, (status, body)
        return dict(json.loads(body))

    async def rest(self) -> bytes:
        """Until the connection ends, with whatever."""
        parts: list[bytes] = []
        with contextlib.suppress(ConnectionError):
            while part := await self.reader.read(1 << 16):
                parts.append(part)
        return b"".join(parts)
