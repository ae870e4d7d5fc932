"""What a client may send or not read costs the gateway a bounded amount, and others nothing."""

import contextlib
import datetime
import json
import os
import resource
import signal
import time
import unittest
import uuid
import zlib
from collections.abc import Iterator

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.peers import Gateway
from services.event_gateway.wire import (
    COMPRESSED,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Wire,
    frame,
    upgrade,
)

from support.children import freeze
from support.jetstream import JetStream
from support.program import resident

_IN, _OUT = "/api/events/in", "/api/events/out"
_MIB = 1 << 20
_LARGEST = 16 * _MIB
_NO_PINGS = {"PREFECT_SERVER_API_WEBSOCKET_PING_INTERVAL": "3600"}  # Nobody here answers them.
_EVENTS = 100_000


def event(filling: int = 0, name: str = "e") -> bytes:
    return json.dumps(
        {
            "id": str(uuid.uuid4()),
            "occurred": datetime.datetime.now(datetime.UTC).isoformat(),
            "event": name,
            "resource": {"prefect.resource.id": "r"},
            "payload": {"filling": "x" * filling},
        }
    ).encode()


class Abuse(unittest.TestCase):
    def setUp(self) -> None:
        self.gateway = self.enterContext(Gateway(_NO_PINGS))
        # The largest message that is parsed leaves its memory to the next.
        with self.wire() as wire:
            wire.send(frame(TEXT, event() + b" " * (_LARGEST - 1000)))
            wire.ping()
        self.before = resident(self.gateway.pid)

    def wire(self, path: str = _IN, *more: str, small_buffers: bool = False) -> Wire:
        return Wire.opened(self.gateway.address, path, *more, small_buffers=small_buffers)

    def grown(self) -> int:
        """MiB since the test began."""
        return (resident(self.gateway.pid) - self.before) // _MIB

    @contextlib.contextmanager
    def jetstream_away(self) -> Iterator[None]:
        freeze(self.gateway.nats.pid)
        try:
            yield
        finally:
            os.kill(self.gateway.nats.pid, signal.SIGCONT)

    def expect_others_are_served(self) -> None:
        began = time.monotonic()
        with self.wire() as other:
            other.send(frame(TEXT, event()))
            other.ping()
        self.assertLess(time.monotonic() - began, 10)


class Messages(Abuse):
    def test_large_messages_that_never_end_take_little_memory_together(self) -> None:
        with contextlib.ExitStack() as opened:
            head = frame(TEXT, size=_LARGEST - 1)
            for _ in range(60):
                wire = opened.enter_context(self.wire())
                wire.socket.settimeout(0.2)
                with contextlib.suppress(TimeoutError):
                    wire.send(head + bytes(b"x" * 15 * _MIB))
            self.assertLess(self.grown(), 200)  # Of 900 MiB.
            self.expect_others_are_served()

    def test_who_sends_while_jetstream_is_away_is_read_no_more(self) -> None:
        with contextlib.ExitStack() as opened:
            wires = [opened.enter_context(self.wire()) for _ in range(60)]
            with self.jetstream_away():
                large = frame(TEXT, event(_MIB))
                for wire in wires:
                    wire.socket.settimeout(0.2)
                    with contextlib.suppress(TimeoutError):
                        for _ in range(20):
                            wire.send(large)
                self.assertLess(self.grown(), 300)  # Of 1,200 MiB.
        self.expect_others_are_served()

    def test_deflated_gibibyte_ends_at_the_largest_message(self) -> None:
        extension = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
        with self.wire(_IN, extension) as wire:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -12)
            # Each part stands by itself, so that one is as good as all.
            part = deflate.compress(bytes(_MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)
            bomb = part * 1024
            self.assertLess(len(bomb), 2 * _MIB)
            began = time.monotonic()
            with contextlib.suppress(ConnectionError):
                wire.send(frame(TEXT | COMPRESSED, bomb))
            self.assertEqual(wire.code(), 1009)
            self.assertLess(time.monotonic() - began, 10)
        self.assertLess(self.grown(), 100)

    def test_message_in_fragments_of_one_byte_is_an_event(self) -> None:
        text = event(2000)
        with self.wire() as wire:
            parts = [frame(CONTINUATION, text[i : i + 1], fin=False) for i in range(1, len(text))]
            first = frame(TEXT, text[:1], fin=False)
            wire.send(first + b"".join(parts) + frame(CONTINUATION))
            wire.ping()
        stored = [message.data for message in self.gateway.stored()]
        self.assertIn(json.loads(text)["id"], [json.loads(each)["id"] for each in stored])

    def test_fragments_of_nothing_take_no_memory(self) -> None:
        with self.wire() as wire:
            wire.send(frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 1_000_000)
            wire.send(frame(CONTINUATION, event()))
            wire.ping()
        self.assertLess(self.grown(), 10)

    def test_no_utf8_is_told_1007_and_reserved_bits_1002(self) -> None:
        for bytes_, code in (
            (frame(TEXT, b"\xc3\x28"), 1007), (frame(TEXT | 0x20, b"x"), 1002),
            (frame(TEXT | COMPRESSED, b"x"), 1002), (b"\x81\x01x", 1002),
            (frame(0x3, b"x"), 1002), (frame(TEXT, size=_LARGEST + 1), 1009),
            (frame(TEXT, size=(1 << 64) - 1), 1009),
        ):  # fmt: skip
            with self.subTest(bytes=bytes_), self.wire() as wire:
                wire.send(bytes_)
                self.assertEqual(wire.code(), code)


class Pings(Abuse):
    def test_pings_that_are_withheld_take_little_memory(self) -> None:
        with self.wire() as wire:
            with self.jetstream_away():
                wire.send(frame(TEXT, event()))
                for number in range(20):
                    wire.send(frame(PING, b"x" * 120 + b"%05d" % number) * 10_000)
                self.assertLess(self.grown(), 10)
            # The last one says it all.
            wire.send(frame(PING, b"last"))
            while wire.next() != (PONG, b"last"):
                pass

    def test_who_pings_and_never_reads_costs_little(self) -> None:
        with contextlib.ExitStack() as opened:
            wires = [opened.enter_context(self.wire(small_buffers=True)) for _ in range(20)]
            flood = frame(PING, b"x" * 125) * 2_000
            for wire in wires:
                wire.socket.settimeout(0.5)
                with contextlib.suppress(TimeoutError, ConnectionError):
                    for _ in range(20):
                        wire.send(flood)
            self.assertLess(self.grown(), 20)
            self.expect_others_are_served()


class Requests(Abuse):
    def test_ten_thousand_connections_with_half_a_head_take_little_memory(self) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        count = min(9_900, most - 200)
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, most))
        half = upgrade(_IN)[:-10]
        with contextlib.ExitStack() as opened:
            for _ in range(count):
                opened.enter_context(Wire(self.gateway.address)).send(half)
            self.expect_others_are_served()
            self.assertLess(self.grown(), count * 20 // 1024)

    def test_bodies_that_never_end_hold_up_nobody(self) -> None:
        head = f"POST /api/events HTTP/1.1\r\nHost: h\r\nContent-Length: {_LARGEST}\r\n\r\n"
        with contextlib.ExitStack() as opened:
            for _ in range(4):
                wire = opened.enter_context(Wire(self.gateway.address))
                wire.send(head.encode() + bytes(b"x" * (_LARGEST - 1)))
            for _ in range(20):
                body = b"[" + event(10_000) + b"]"
                status, _, _ = self.gateway.http("POST", "/api/events", body)
                self.assertEqual(status, 204)
            self.assertLess(self.grown(), 100)

    def test_what_could_be_two_requests_is_refused(self) -> None:
        line = "POST /api/events HTTP/1.1\r\n"
        inner = "POST /api/events HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n[]"
        chunked = "Transfer-Encoding: chunked\r\n"
        length = f"Content-Length: {len(inner)}\r\n"
        for head in (
            line + "Host: h\r\n" + length + chunked + "\r\n0\r\n\r\n",
            line + "Host: h\r\nContent-Length: 0\r\n" + length + "\r\n",
            line + "Host: h\r\nContent-Length: 0, 5\r\n\r\n",
            line + "Host: h\r\nContent-Length: +5\r\n\r\n",
            line + "Host: h\r\nContent-Length: 0x5\r\n\r\n",
            line + "Host: h\r\nContent-Length: 5 5\r\n\r\n",
            line + "Host: h\r\nContent-Length : 0\r\n\r\n",
            line + "Host: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            line + "Host: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            line + "Host: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            line + "Host: h\r\n : a\r\n\r\n",
            line + "Host: h\r\nHost: g\r\n\r\n",
            line + "Host: h\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
            line + "Host: h\r\n" + chunked + "\r\n0x2\r\n[]\r\n0\r\n\r\n",
            line + "Host: h\r\n" + chunked + "\r\n-2\r\n[]\r\n0\r\n\r\n",
            line + "Host: h\r\n" + chunked + "\r\n10000000000000002\r\n[]\r\n0\r\n\r\n",
            line + "Host: h\r\nX: a\rContent-Length: 5\r\n\r\n",
            line + "Host: h\r\nX\x00: a\r\n\r\n",
            "POST  /api/events HTTP/1.1\r\nHost: h\r\n\r\n",
            "POST /api/events HTTP/1.1 x\r\nHost: h\r\n\r\n",
            "POST /api/events\x00 HTTP/1.1\r\nHost: h\r\n\r\n",
        ):
            with self.subTest(head=head), Wire(self.gateway.address) as wire:
                wire.send((head + inner).encode())
                came = wire.rest()
                self.assertTrue(came.startswith(b"HTTP/1.1 400 "), came)
                self.assertEqual(came.count(b"HTTP/1.1 "), 1, came)

    def test_host_and_target_choose_nothing_but_the_path(self) -> None:
        for target, host, status in (
            ("/api/events", "evil.example", 204), ("/api/events", "", 204),
            ("/api/events", "[::1]:99999", 204), ("/api/events", "a b/@:c", 204),
            ("http://evil.example/api/events", "h", 404), ("*", "h", 404),
            ("//evil.example/api/events", "h", 404), ("/api/../api/events", "h", 404),
            ("/api/events/.", "h", 404), ("/api/events;x", "h", 404), ("/API/events", "h", 404),
            ("/api/events%00", "h", 404), ("/api/events%2f", "h", 307),
            ("/api/events#x", "h", 404), ("/api/events/../../admin", "h", 404),
        ):  # fmt: skip
            with self.subTest(target=target, host=host), Wire(self.gateway.address) as wire:
                lines = [f"POST {target} HTTP/1.1", f"Host: {host}", "Content-Length: 2",
                         "Content-Type: application/json", "Connection: close"]  # fmt: skip
                wire.send(("\r\n".join(lines) + "\r\n\r\n[]").encode())
                came = wire.rest()
                self.assertEqual(int(came.split()[1]), status, came)


class Subscribers(Abuse):
    def test_who_never_reads_takes_little_memory_while_events_go_by(self) -> None:
        with contextlib.ExitStack() as opened:
            for _ in range(50):
                opened.enter_context(self.subscriber("e"))
            last = opened.enter_context(self.subscriber("last"))
            with JetStream(self.gateway.nats.url) as stream:
                headers = {"Prefect-Attributes": "{}"}
                messages = [stream.message("prefect.events.e", event(100), headers)
                            for _ in range(_EVENTS)]  # fmt: skip
                end = stream.message("prefect.events.e", event(0, "last"), headers)
                stream.publish_messages([*messages, end])
            while last.next()[0] != TEXT:
                pass
            self.assertLess(self.grown(), 120)
            self.expect_others_are_served()

    def subscriber(self, name: str) -> Wire:
        wire = self.wire(_OUT, small_buffers=True)
        chosen = {"occurred": {"until": "2100-01-01T00:00:00Z"}, "event": {"name": [name]}}
        message = {"type": "filter", "backfill": False, "filter": chosen}
        wire.send(frame(TEXT, json.dumps(message).encode()))
        wire.ping()
        return wire


if __name__ == "__main__":
    unittest.main()
