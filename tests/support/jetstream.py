"""JetStream's own API over one plain connection: enough to look at streams and to prepare them."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from support.owner import Owner

_IN_FLIGHT = 256


class JetStreamError(RuntimeError):
    """The server refused a request; the message is its own."""


@dataclass(frozen=True)
class StoredMessage:
    sequence: int
    subject: str
    headers: Mapping[str, str]
    data: bytes


class JetStream(Owner):
    """One connection to a server's JetStream; one request at a time."""

    def __init__(self, url: str, timeout: float = 30) -> None:
        self._address, self._timeout = urlsplit(url), timeout
        self._inbox = f"_INBOX.hangar-test-{secrets.token_hex(8)}"  # answers are for this one alone

    def _open(self, opened: contextlib.ExitStack) -> None:
        address = (self._address.hostname, self._address.port)
        self._socket = opened.enter_context(socket.create_connection(address, self._timeout))
        self._lines = opened.enter_context(self._socket.makefile("rb"))
        options: dict[str, object] = {"verbose": False, "headers": True, "no_responders": True}
        if self._address.username is not None:
            options |= {"user": self._address.username, "pass": self._address.password}
        self._send(f"CONNECT {json.dumps(options)}\r\n".encode())
        self._send(f"SUB {self._inbox} 1\r\n".encode())

    def request(self, subject: str, **body: Any) -> dict[str, Any]:
        """Asks `$JS.API.<subject>`; raises when the answer is an error."""
        data = json.dumps(body).encode() if body else b""
        self._send(f"PUB $JS.API.{subject} {self._inbox} {len(data)}\r\n".encode() + data + b"\r\n")
        answer: dict[str, Any] = json.loads(self._receive())
        if "error" in answer:
            raise JetStreamError(f"{subject}: {answer['error']}")
        return answer

    def publish(
        self, subject: str, payloads: Sequence[bytes], headers: Mapping[str, str] | None = None
    ) -> None:
        """Publishes without message ids, so equal ones are stored too; returns when all are."""
        self.publish_messages([self.message(subject, data, headers or {}) for data in payloads])

    def message(self, subject: str, data: bytes, headers: Mapping[str, str]) -> bytes:
        """A message as it goes over this connection to be published."""
        block = b""
        sizes = f"{len(data)}"
        if headers:
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            block = f"NATS/1.0\r\n{lines}\r\n".encode()
            sizes = f"{len(block)} {len(block) + len(data)}"
        head = f"{'HPUB' if headers else 'PUB'} {subject} {self._inbox} {sizes}\r\n".encode()
        return head + block + data + b"\r\n"

    def publish_messages(self, messages: Sequence[bytes]) -> None:
        """Publishes what `message` has made; returns when all are stored."""
        for first in range(0, len(messages), _IN_FLIGHT):
            chunk = messages[first : first + _IN_FLIGHT]
            self._send(b"".join(chunk))
            for _ in chunk:
                answer = json.loads(self._receive())
                if "error" in answer:
                    raise JetStreamError(f"publish: {answer['error']}")

    def messages(self, stream: str) -> Iterator[StoredMessage]:
        """What the stream holds, in order."""
        state = self.request(f"STREAM.INFO.{stream}")["state"]
        # A stream that is empty and always was says that its first message is 0.
        for sequence in range(max(1, state["first_seq"]), state["last_seq"] + 1):
            found = self.request(f"STREAM.MSG.GET.{stream}", seq=sequence)["message"]
            yield StoredMessage(
                found["seq"],
                found["subject"],
                _headers(base64.b64decode(found.get("hdrs", ""))),
                base64.b64decode(found.get("data", "")),
            )

    def streams(self) -> list[str]:
        return self.request("STREAM.NAMES").get("streams") or []

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _receive(self) -> bytes:
        """The payload of the next message."""
        while True:
            words = self._lines.readline().split()
            if not words:
                raise JetStreamError("the server closed the connection")
            if words[0] == b"PING":
                self._send(b"PONG\r\n")
            elif words[0] == b"-ERR":
                raise JetStreamError(b" ".join(words[1:]).decode())
            elif words[0] in (b"MSG", b"HMSG"):
                payload = self._lines.read(int(words[-1]) + 2)[:-2]
                return payload[int(words[-2]) :] if words[0] == b"HMSG" else payload


def _headers(block: bytes) -> dict[str, str]:
    lines = block.decode().split("\r\n")[1:]
    return {
        name: value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
