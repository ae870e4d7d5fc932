"""Clients of events that cost little: their frames are made before they are sent."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from websockets.speedups import apply_mask

IN, OUT = "/api/events/in", "/api/events/out"
IN, OUT = "/api/events/in", "/api/events/out"
_TEXT, _PING, _PONG = 0x1, 0x9, 0xA
_COMPRESSED = 0x40
_WINDOW_BITS, _MEMORY_LEVEL = 12, 5  # As the clients of Prefect have it.


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    mask = os.urandom(4)
    return head + mask + bytes(apply_mask(payload, mask))


class EventClient:
    """One connection, authenticated as Prefect's clients are; a context."""

    def __init__(self, address: str, *, deflate: bool, path: str = IN) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._deflate = zlib.compressobj(9, zlib.DEFLATED, -_WINDOW_BITS, _MEMORY_LEVEL)
        self._came = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {address}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Protocol: prefect",
        ]
        if deflate:
            wanted = "client_max_window_bits=12; server_max_window_bits=12"
            lines.append(f"Sec-WebSocket-Extensions: permessage-deflate; {wanted}")
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self._came:
            self._read()
        head, _, self._came = self._came.partition(b"\r\n\r\n")
        self.deflates = b"permessage-deflate" in head
        if b" 101 " not in head or self.deflates != deflate:
            raise RuntimeError(head.decode())
        [auth] = self.frames([json.dumps({"type": "auth", "token": None}).encode()])
        self.send(auth)
        self._next()

    def __enter__(self) -> EventClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def frames(self, messages: Iterable[bytes]) -> list[bytes]:
        """Of the messages, which are to be sent in this order."""
        if not self.deflates:
            return [_frame(_TEXT, message) for message in messages]
        return [_frame(_TEXT | _COMPRESSED, self._deflated(message)) for message in messages]

    def _deflated(self, message: bytes) -> bytes:
        whole = self._deflate.compress(message) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return whole.removesuffix(b"\x00\x00\xff\xff")

    def send(self, frame: bytes) -> None:
        self._socket.sendall(frame)

    def ping(self) -> None:
        """Returns when the pong is here."""
        self.send(_frame(_PING, b"ping"))
        while self._next() != _PONG:
            pass

    def subscribe(self, wanted: dict[str, Any]) -> None:
        message = {"type": "filter", "filter": wanted, "backfill": True}
        [frame] = self.frames([json.dumps(message).encode()])
        self.send(frame)

    def wait_for_event(self) -> None:
        while self._next() != _TEXT:
            pass

    def send_all(self, frames: Sequence[bytes], ping_every: int) -> None:
        """As a client of Prefect: a write for each, and it waits for each pong."""
        for first in range(0, len(frames), ping_every):
            for frame in frames[first : first + ping_every]:
                self._socket.sendall(frame)
            self.ping()

    def seconds_until_stored(self, frame: bytes) -> float:
        """From the frame to the pong that is sent when it is stored."""
        began = time.perf_counter()
        self.send(frame)
        self.ping()
        return time.perf_counter() - began

    def _read(self) -> None:
        came = self._socket.recv(65536)
        if not came:
            raise RuntimeError("the server has closed the connection")
        self._came += came

    def _next(self) -> int:
        """The opcode of the next frame, none of which is large; its payload is of no interest."""
        self._have(2)
        size, head = self._came[1], 2
        if size == 126:
            self._have(4)
            size, head = int.from_bytes(self._came[2:4]), 4
        self._have(head + size)
        opcode = self._came[0] & 0xF
        self._came = self._came[head + size :]
        return opcode

    def _have(self, size: int) -> None:
        while len(self._came) < size:
            self._read()
