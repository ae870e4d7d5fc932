"""Whole messages for the decoder: JSON itself, sizes, repeated and missing members."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

from services.task_run_recorder.decode_case_inputs import (
    BASE,
    FLOW_RUN_ID,
    OTHER_ID,
    RUN,
    STATE,
    template,
)

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


def event(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BASE), **changes}


def placed(path: tuple[str | int, ...], raw: str) -> bytes:
    return template(path).replace("@@", raw).encode()


def syntax() -> Iterator[bytes]:
    plain = json.dumps(BASE).encode()
    yield from [b"", b" ", b"null", b"[]", b"{}", b"1", b'"x"', b"nonsense", b"{", b"[1,", b"true"]
    yield from [plain + b" \n\r\t", b" \n\r\t" + plain, plain + b"x", plain + plain, plain + b"\0"]
    yield from [b"\xef\xbb\xbf" + plain, b"\x0c" + plain, plain[:-1], plain[1:], plain[:100]]
    yield plain.replace(b"load-0", b"load\xff")
    yield plain.replace(b"load-0", b"load\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80")
    surrogate, beyond = b"\xed\xa0\x80", b"\xf4\x90\x80\x80"
    for broken in [b"\xc0\x80", surrogate, beyond, b"\xc3", b"\xe2\x98", b"\x80"]:
        yield plain.replace(b"load-0", broken)
        yield plain.replace(b'"received"', b'"' + broken + b'": 1, "received"')
    for raw in [
        *('"\\ud83d"', '"\\ude00"', '"\\ud83dx"', '"\\ud83d\\ud83d"', '"\\u12"', '"\\u12g4"'),
        '"\\x"',
        *('"\\uD83D\\uDE00"', '"a\tb"', '"a\x1fb"', '"a\x7fb"', '"\\', '"\\"', '"\\u0000"', "'a'"),
        *("01", "-", "-01", "1.", ".5", "1.e5", "1e", "1e+", "+1", "1_0", "0x1", "-NaN", "nan"),
        "NAN",
        *("Infinit", "-Infinity", "-Infinityx", "NaNx", "truex", "tru", "nul", "nulll", "True"),
        "00",
        *("[1,]", "[,1]", "[1 2]", '{"a"}', '{"a":}', '{"a":1,}', "{1:2}", '{"a" 1}', "{,}", "["),
        "]",
        *("/*x*/1", "1 //x", "-0", "-0.0", "0.0", "0e0", "1E5", "1e-400", "-1e-400"),
        "1e999999999999",
        *("1e-999999999999", "0.1e1", "100000000000000000000.5", "4" * 4299, "4" * 4300),
        "4" * 4301,
        *("-" + "4" * 4299, "-" + "4" * 4300, "4" * 4300 + ".5", "4" * 4301 + ".5"),
        "4" * 4301 + "e1",
        *("0." + "1" * 5000, "1e" + "0" * 5000 + "1", '"' + "x" * 10_000 + '"'),
    ]:
        yield placed((*STATE, "data"), raw)
    for left, right in [("[", "]"), ('{"a":', "}"), ('[{"b":', "}]")]:
        for depth in [98, 99, 100, 196, 197, 198, 199, 200]:
            for inner in ["1", "[]", "{}", "[1]"]:
                yield placed((*STATE, "data"), left * depth + inner + right * depth)
                if left == "[":
                    yield placed(("unknown",), left * depth + inner + right * depth)


def repeated_and_escaped() -> Iterator[bytes]:
    plain = json.dumps(BASE)
    client = '"prefect.orchestration": "client"'
    yield plain.replace(client, client + ', "prefect.orchestration": "server"').encode()
    yield plain.replace(client, '"prefect.orchestration": "server", ' + client).encode()
    yield plain.replace(client, '"a": 1, "a": "x", ' + client).encode()
    yield plain.replace(client, '"a": "x\\u0000", ' + client).encode()
    yield plain.replace(client, '"prefect.orchestr\\u0061tion": "client"').encode()
    yield plain.replace('"name": "load-0"', '"name": 5, "name": "a", "n\\u0061me": "b"').encode()
    yield plain.replace('"task_key"', '"task_key": 1, "task_key"').encode()
    yield plain.replace('"id": "3d', '"id": 7, "id": "3d').encode()
    yield plain.replace('"id": "3d', '"id\\u0000": 7, "i\\u0064": "3d').encode()
    yield plain.replace('"payload"', '"payload": 5, "payload"').encode()
    yield plain.replace('"type": "PENDING"', '"type": "x", "type": "PAUSED"').encode()
    flow_run = BASE["related"][0]
    other = {**flow_run, "prefect.resource.id": f"prefect.flow-run.{OTHER_ID}"}
    tag = {"prefect.resource.id": "prefect.tag.x", "prefect.resource.role": "tag"}
    for related in [
        [],
        [tag],
        [tag, flow_run, other],
        [other, flow_run],
        [{**flow_run, "prefect.resource.role": ""}],
        [{**flow_run, "prefect.resource.id": ""}],
        [{"prefect.resource.id": "x"}],
        [{"prefect.resource.role": "x"}],
        [flow_run, 5],
        [flow_run, {**tag, "a": None}],
        [tag] * 99 + [flow_run],
        [tag] * 100 + [flow_run],
        [{**tag, **{f"l{i}": "x" for i in range(498)}}, flow_run],
        [{**tag, **{f"l{i}": "x" for i in range(499)}}, flow_run],
    ]:
        yield json.dumps(event(related=related)).encode()
    labels = {f"l{i}": "x" for i in range(498)}
    yield json.dumps(event(resource={**BASE["resource"], **labels})).encode()
    yield json.dumps(event(resource={**BASE["resource"], **labels, "more": "x"})).encode()
    many = ", ".join('"same": "x"' for _ in range(600))
    yield plain.replace(client, client + ", " + many).encode()
    names = ["prefect.task-run", "prefect.task-runner", "prefect.flow-run.Pending", "", "x\u00e9"]
    for name in names:
        yield json.dumps(event(event=name)).encode()
    for size in [1023, 1024, 1025]:
        yield json.dumps(event(event="prefect.task-run." + "\u00e9" * (size - 17))).encode()
        yield json.dumps(event(event="x" * size), ensure_ascii=False).encode()


def missing() -> Iterator[bytes]:
    for member in BASE:
        yield json.dumps({k: v for k, v in BASE.items() if k != member}).encode()
    for path in [("resource",), STATE, RUN, ("payload",), ("related", 0)]:
        changed = event()
        at: Any = changed
        for step in path:
            at = at[step]
        for member in list(at):
            value = at.pop(member)
            yield json.dumps(changed).encode()
            at[member] = value
    # An event that does not count must still be an event.
    changes: list[dict[str, Any]] = [
        {"occurred": "x"},
        {"received": None},
        {"id": "x"},
        {"related": [{}]},
        {"payload": []},
        {"payload": {"task_run": 5}},
    ]
    for change in changes:
        yield json.dumps(event(event="prefect.flow-run.x", **change)).encode()


def index_rows() -> Iterator[bytes]:
    """Names and keys around the size where a row of an index no longer fits. How far PostgreSQL
    compresses is asked of a PostgreSQL in index_row_test.cpp."""
    draw = random.Random(9)
    noise = "".join(draw.choice(ALPHABET) for _ in range(6000))
    texts = [noise[:size] for size in (126, 127, 506, 507, 2600, *range(2690, 2698), 3000)]
    texts += ["x" * 20_000, "\u2603\u00e9" * 540, noise[:1500] * 2, (noise[:2650] * 2)[:5000]]
    for text in texts:
        for path in [(*RUN, "name"), (*STATE, "name"), (*RUN, "dynamic_key")]:
            yield placed(path, json.dumps(text, ensure_ascii=False))
    for half in range(1330, 1342):
        for flow_run_id in [FLOW_RUN_ID, None]:
            changed = event()
            changed["payload"]["task_run"].update(
                task_key=noise[:half], dynamic_key=noise[half : 2 * half], flow_run_id=flow_run_id
            )
            yield json.dumps(changed).encode()
    for size in [1999, 2000, 2001]:
        yield placed((*RUN, "cache_key"), json.dumps("\u00e9" * size))


def messages() -> Iterator[bytes]:
    yield json.dumps(BASE).encode()
    yield from syntax()
    yield from repeated_and_escaped()
    yield from missing()
    yield from index_rows()
