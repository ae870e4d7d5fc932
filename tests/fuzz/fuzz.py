"""`fuzz.py PROGRAM NAME`: fuzzes for 20 seconds (60 with HANGAR_TEST_LONG) from known inputs.

HANGAR_TEST_FUZZ_SECONDS takes another time. A finding stays beside the program.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.temporary import temporary_folder
from support.tree import ROOT


def _texts_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts_of(member)
    elif isinstance(value, list):
        for element in value:
            yield from _texts_of(element)


def _lines(name: str) -> list[bytes]:
    return (ROOT / "tests" / "golden" / f"{name}.jsonl").read_bytes().splitlines()


_FILTERS: tuple[dict[str, Any], ...] = (
    {}, {"event": {"prefix": ["prefect."], "exclude_name": ["a"]}},
    {"resource": {"id_prefix": ["prefect"], "labels": {"a": ["!b*", "[c-e]?"]}}},
    {"any_resource": [{"id": ["a"]}, {"labels": {"prefect.resource.role": "flow*"}}]},
    {"related": {"id": ["a"], "role": ["b"], "resources_in_roles": [["a", "b"]]}},
    {"text": {"query": 'a -b +"c d"'}, "id": {"id": ["0190a3b2-0000-7000-8000-000000000001"]}},
    {"occurred": {"since": "2020-01-01T00:00:00Z", "until": 1763596800}, "order": "DESC"},
)  # fmt: skip


def _frames() -> Iterator[bytes]:
    """Of a client, behind the byte that tells of deflate."""

    def frame(first: int, payload: bytes) -> bytes:
        assert len(payload) < 126
        return bytes((first, 0x80 | len(payload))) + bytes(4) + payload

    ping, close = frame(0x89, b"p"), frame(0x88, b"\x03\xe8")
    yield b"\0" + frame(0x81, b"text") + ping + frame(0x82, b"bytes") + close
    yield b"\0" + frame(0x01, b"te") + ping + frame(0x00, b"x") + frame(0x80, b"t")
    deflate = zlib.compressobj(9, zlib.DEFLATED, -12)
    yield b"\1" + b"".join(
        frame(0xC1, deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH)[:-4])
        for text in (b"text", b"text and text", b"")
    )
    bomb = zlib.compressobj(9, zlib.DEFLATED, -12)
    yield b"\1" + frame(0xC1, bomb.compress(bytes(30_000)) + bomb.flush(zlib.Z_SYNC_FLUSH)[:-4])


def seeds(name: str, program: Path) -> Iterator[bytes]:
    if name == "event":
        yield from _lines("forms")
        yield from _lines("hostile")
    elif name in ("persister", "published"):
        yield from _lines("events")
        yield from _lines("forms")
    elif name == "filter":
        for event, chosen in itertools.product(_lines("events")[:20], _FILTERS):
            yield json.dumps(chosen).encode() + b"\n" + event
    elif name == "auth":
        yield from (b'{"type":"auth","token":"admin:pass"}', b'{"type":"auth","token":null}')
        yield from (b"Basic YWRtaW46cGFzcw==", b"Basic YQ==", b'{"type":"filter"}')
    elif name == "websocket":
        yield from _frames()
    elif name == "value":
        for line in _lines("forms"):
            for text in _texts_of(json.loads(line)):
                yield text.encode()
    elif name == "configuration":
        yield (ROOT / "etc" / "hangar.yaml").read_bytes()
        yield b"nats: {url: &u embedded, credit_bytes: 16MiB}\nstorage:\n  url: *u\n"
    elif name == "http":
        host = b" /api/events?a=b HTTP/1.1\r\nHost: h:1\r\nX-Forwarded-For: 1.2.3.4\r\n"
        yield b"1POST" + host + b"Content-Length: 4\r\nConnection: close\r\n\r\nbody"
        yield (
            b"2POST"
            + host
            + b"Transfer-Encoding: chunked\r\n\r\n4;a=b\r\nbody\r\n0\r\nT: 1\r\n\r\n"
        )
        yield b"3GET" + host + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        yield b"4HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    elif name == "plugin":
        yield program.read_bytes()[:4096]
    else:
        yield from (b"100 Idle Heartbeat", b"408 Request Timeout", b"409 Consumer Deleted")
        yield from (b"409 Message Size Exceeds MaxBytes", b"503", b"409 Leadership Change")
        yield b"$JS.ACK.PREFECT_EVENTS.events.1.7.7.1763600523000000000.3"
        yield b"$JS.ACK.domain.hash.PREFECT_EVENTS.events.1.7.7.1763600523000000000.3.token"


def main() -> int:
    program, name = Path(sys.argv[1]), sys.argv[2]
    usual = "60" if os.environ.get("HANGAR_TEST_LONG") else "20"
    seconds = os.environ.get("HANGAR_TEST_FUZZ_SECONDS", usual)
    with temporary_folder("fuzz") as folder:
        for number, seed in enumerate(seeds(name, program)):
            if len(seed) < 65_536:
                (folder / str(number)).write_bytes(seed)
        return subprocess.run(
            [
                program,
                f"-max_total_time={seconds}",
                "-max_len=65536",
                "-timeout=10",
                "-rss_limit_mb=1024",
                "-error_exitcode=1",  # Not the 77 of a test that could not run.
                "-print_final_stats=1",
                "-verbosity=0",
                f"-artifact_prefix={program.parent}/{name}-",
                folder,
            ],
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
