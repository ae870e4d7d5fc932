"""A WebSocket spoken in bytes, so that a test may send what no client does."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import struct
from typing import Self

CONTINUATION, TEXT, CLOSE, PING, PONG = 0x0, 0x1, 0x8, 0x9, 0xA
COMPRESSED = 0x40
_MASK = bytes(4)  # It changes nothing.


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, size: int | None = None) -> bytes:
    """One of a client. It may claim a `size` that its payload has not."""
    claimed = len(payload) if size is None else size
    first = (0x80 if fin else 0) | opcode
    if claimed < 126:
        head = struct.pack("!BB", first, 0x80 | claimed)
    elif claimed < 1 << 16:
        head = struct.pack("!BBH", first, 0x80 | 126, claimed)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, claimed)
    return head + _MASK + payload


def upgrade(path: str, *more: str) -> bytes:
    """The request for one."""
    lines = [f"GET {path} HTTP/1.1", "Host: h", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: prefect",
             f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", *more]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Wire:
    """One connection; a context."""

    def __init__(self, address: str, small_buffers: bool = False) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.socket()
        if small_buffers:  # So that little is sent to one who does not read.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(120)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @classmethod
    def opened(cls, address: str, path: str, *more: str, small_buffers: bool = False) -> Self:
        """A WebSocket whose client has authenticated."""
        wire = cls(address, small_buffers)
        wire.send(upgrade(path, *more))
        while b"\r\n\r\n" not in wire._came:
            wire._read()
        head, _, wire._came = wire._came.partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise RuntimeError(head.decode())
        wire.send(frame(TEXT, json.dumps({"type": "auth", "token": None}).encode()))
        opcode, _ = wire.next()  # What it says may be compressed.
        assert opcode == TEXT, opcode
        return wire

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def next(self) -> tuple[int, bytes]:
        """The opcode and the payload of the next frame, which is not compressed."""
        while (size := _whole(self._came)) is None:
            self._read()
        opcode, whole = self._came[0] & 0xF, self._came[:size]
        self._came = self._came[size:]
        skipped = {126: 4, 127: 10}.get(whole[1], 2)
        return opcode, whole[skipped:]

    def ping(self, payload: bytes = b"p") -> None:
        """Returns when the pong is here."""
        self.send(frame(PING, payload))
        while self.next() != (PONG, payload):
            pass

    def code(self) -> int | None:
        """Of the Close that comes; none when the connection ends without one."""
        with contextlib.suppress(ConnectionError, EOFError):
            while True:
                opcode, payload = self.next()
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2], "big")
        return None

    def rest(self) -> bytes:
        """Everything until the connection ends, with whatever."""
        with contextlib.suppress(ConnectionError, EOFError):
            while True:
                self._read()
        return self._came

    def _read(self) -> None:
        came = self.socket.recv(1 << 16)
        if not came:
            raise EOFError
        self._came += came


def _whole(came: bytes) -> int | None:
    """The size of the frame at the beginning; none while it is not whole."""
    if len(came) < 2:
        return None
    head = {126: 4, 127: 10}.get(came[1], 2)
    if len(came) < head:
        return None
    size = int.from_bytes(came[2:head], "big") if head > 2 else came[1]
    return head + size if len(came) >= head + size else None
