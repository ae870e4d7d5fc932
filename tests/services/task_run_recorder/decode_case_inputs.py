"""The messages that the decoder is compared on: one valid event, changed in one place at a time."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

RUN_ID = "7c475718-49dc-4b34-aae3-732d38c115d6"
FLOW_RUN_ID = "e88b7591-31db-4e32-98dc-b35f94c662cd"
OTHER_ID = "0198f3a1-7c1e-7d3a-9b1f-5a5f2b6c7d8e"
PLACE = "@@"

BASE: dict[str, Any] = {
    "occurred": "2026-11-20T00:00:00.000215Z",
    "event": "prefect.task-run.Pending",
    "resource": {
        "prefect.resource.id": f"prefect.task-run.{RUN_ID}",
        "prefect.orchestration": "client",
    },
    "related": [
        {
            "prefect.resource.id": f"prefect.flow-run.{FLOW_RUN_ID}",
            "prefect.resource.role": "flow-run",
        }
    ],
    "payload": {
        "validated_state": {"type": "PENDING", "name": "Pending", "message": "", "data": None},
        "task_run": {"name": "load-0", "task_key": "load-a9d93650", "dynamic_key": "0"},
    },
    "id": "3d235422-5376-46b2-8949-837378c02b33",
    "received": "2026-11-20T00:00:00.005215Z",
}

RUN = ("payload", "task_run")
STATE = ("payload", "validated_state")
DETAILS = (*STATE, "state_details")
POLICY = (*RUN, "empirical_policy")

RUN_TIMES = [
    "created",
    "updated",
    "cache_expiration",
    "expected_start_time",
    "next_scheduled_start_time",
    "start_time",
    "end_time",
]
RUN_DURATIONS = ["total_run_time", "estimated_run_time", "estimated_start_time_delta"]
RUN_INTEGERS = ["run_count", "flow_run_run_count"]
RUN_TEXTS = ["name", "task_key", "dynamic_key", "cache_key", "task_version", "state_name"]
RUN_OTHERS = [
    *("id", "flow_run_id", "empirical_policy", "tags", "labels", "state_id", "task_inputs"),
    *("state_type", "state", "unknown"),
]
STATE_MEMBERS = ["id", "type", "name", "timestamp", "message", "data", "state_details", "unknown"]
DETAILS_UUIDS = [
    *("flow_run_id", "task_run_id", "child_flow_run_id", "transition_id", "task_parameters_id"),
    "deployment_concurrency_lease_id",
]
DETAILS_TIMES = ["scheduled_time", "cache_expiration", "pause_timeout"]
DETAILS_TEXTS = ["cache_key", "pause_key", "traceparent"]
DETAILS_BOOLEANS = [
    *("deferred", "untrackable_result", "pause_reschedule", "refresh_cache", "retriable"),
]
POLICY_NUMBERS = [
    *("max_retries", "retry_delay_seconds", "retries", "retry_delay", "retry_jitter_factor"),
]

# One of each kind and form of JSON value.
KINDS = [
    *("null", "true", "false", "0", "1", "-1", "-0", "5", "2.0", "2.5", "-0.0", "1e2", "1E-2"),
    *("1e400", "-1e400", "NaN", "Infinity", "-Infinity", "2147483647", "2147483648"),
    *("-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808"),
    *("1000000000000000000", "123456789012345678901234567890", "1e15", "1e16", "1e22", "1e300"),
    *('""', '"x"', '"3"', '" 3 "', '"3.0"', '"3.5"', '"+3"', '"-3"', '"1_000"', '"0003"', '"1e3"'),
    *('"true"', '"YES"', '"nan"', '"inf"', '"null"', '"a\\u0000b"', '"\\ud83d\\ude00\u00e9"'),
    *('"tab\\t\\"quote\\" \\/ \\u007f \u2028"', "[]", "[1]", '["a", "b\\n"]', "[[]]", "{}"),
    *('{"a": 1}', '{"a": "x", "a": "y"}', '{"a\\u0000": "x"}', '[null, {"b": [true]}]'),
]

TIMES = [
    *("2026-11-20T00:00:00Z", "2026-11-20t00:00:00z", "2026-11-20 00:00:00", "2026-11-20_10:11:12"),
    *("2026-11-20T10:11", "2026-11-20T10", "2026-11-20T10Z", "2026-11-20T10+02", "2026-11-20"),
    *("2026-11", "2026", "20261120", "20261120T101112", "20261120T101112Z", "20261120T1011"),
    *("20261120T10:11:12", "2026-11-20T101112", "20261120 1011", "2026-324", "2026324"),
    *("2026-366", "2024-366", "2026-000", "2026-W47", "2026-W47-5", "2026W47", "2026W475"),
    *("2026-W475", "2026-W53-7", "2025-W53-1", "2026-W00-1", "2026-W01-0", "2026-W47-8"),
    *("2026-W47-5T10:11:12+01:00", "2026-324T10", "0001-W01-1", "9999-W52-7", "0000-001"),
    *("2026-11-20T10:11:12.1", "2026-11-20T10:11:12.123456", "2026-11-20T10:11:12.1234567"),
    *("2026-11-20T10:11:12.999999999999", "2026-11-20T10:11:12,5", "2026-11-20T10:11:12."),
    *("2026-11-20T10:11:60", "2026-11-20T10:60:00", "2026-11-20T24:00:00", "2026-11-20T24:00"),
    *("2026-11-20T10:11:12+02:00", "2026-11-20T10:11:12+0200", "2026-11-20T10:11:12+02"),
    *("2026-11-20T10:11:12-00:00", "2026-11-20T10:11:12+14:00", "2026-11-20T10:11:12-23:59"),
    *("2026-11-20T10:11:12+24:00", "2026-11-20T10:11:12-24:00", "2026-11-20T10+24:00"),
    *("2026-11-20T10-99:59", "2026-11-20T10+23:59", "2026-11-20T10:11:12\u221202:00"),
    *("2026-11-20T10:11:12+02:60", "2026-11-20T10:11:12 Z", "2026-11-20T10:11:12Zx"),
    *(" 2026-11-20T10:11:12Z", "2026-11-20T10:11:12Z ", "2026-11-20T10:11:12 +02:00"),
    *("2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-04-31"),
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00-00:01"),
    *("0000-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-00:01"),
    *("9999-12-31T23:59:59+00:01", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"),
    *("294277-01-01T00:00:00Z", "now", "NOW", "now ", "today", "12:30", "T12:30", "12:30:45.5"),
    *("12:30+02:00", "T1230", "T123045", "T12:30:45", "1230", "1:2", "1:2:3", "12:", "25:00"),
    *("2026/11/20", "2026:11:20", "2026/11/20 10:11:12", "2026/11/20 1:2:3,5", "2026/11"),
    *("2026112010:30", "202610:30", "2026 10:30", "2026/1120", "202611/20", "2026/11/20T10:00"),
    *("2026/11/20 10:11:12.1234567890", "2026/11/20 10:11|5", "2026/13/20", "2026-1-2"),
    *("2026-11-20/2026-11-21", "PT1H", "P1D", "P", "2026-01-01/P1D", "20 Nov 2026"),
    *("\u0662\u0660\u0662\u0666/\u0661\u0661/\u0662\u0660", "\uff12\uff10\uff12\uff16/11/20"),
    *("Fri, 20 Nov 2026 10:11:12 GMT", "1795132800", "1795132800.5", "-1795132800", "+5", "5."),
    ".5",
    *("1.5e3", "1e3", "20000000000", "20000000001", "-20000000001", "-6.25", "20000000001.5"),
    *("253402300799", "253402300799999", "253402300800000", "-62135596800000", "-62135596800001"),
    *("99999999999999999999", "36893488147419103232", "36893488147419103237.5", "1_000", "-", "+"),
    "",
]
TIME_NUMBERS = [
    *("1795132800", "1795132800.123456", "1795132800.1234567", "20000000000", "20000000001"),
    *("20000000000.5", "20000000001.5", "-20000000000", "-20000000001", "-6.25", "-0.0000004"),
    *("253402300799999", "253402300800000", "-62135596800000", "-62135596800001", "0.9999999"),
    *("1e12", "1.5e12", "-62135596799", "253402300799.9999999", "253402300799000.9999"),
]
DURATIONS = [
    *("PT1.5S", "PT1,5S", "P1D", "P1W", "P1M", "P1Y", "P1Y2M3W4DT5H6M7.8S", "-PT5S", "+PT5S"),
    *("P", "PT", "P1", "PT1", "PTT1S", "P1DT", "PT1.5M1S", "P0.5D", "P1.5W", "PT0.0000005S"),
    *("PT0.5H", "PT1S1M", "PT4294967296S", "PT4294967295S", "P999999999D", "P1000000000D"),
    *("-P999999999D", "-P999999999DT1S", "P106751990D", "P106751991D", "P1H", "PT1D", "p1d"),
    *("1:02:03", "01:02:03", "01:02:03.5", "01:02", "100:00", "1:2:3", "01:02:60", "01:60"),
    *("9999999999:00", "2400000000:00", "2400000001:00", "99999999999:00", "1 day", "1 days"),
    *("1 days, 01:02:03", "1d", "1D 01:02:03", "1 dayz", "1 day,01:02", "2 days 24:00:00"),
    *("2 days 23:59:59.999999", "-1 day, 01:00:00", "-01:00:00", "5", "-5", "5.5", "00:00:5"),
    *("00:00:05.1234567", "00:00:05.123456789x", "00:00:05x", "3 days, 1:02:03", "d", ""),
    *("00:00:05,5", "00:00:05.", "1 d", "1 DAYS", "1 DAy", " 1 day", "1  day", ":00:00"),
]
DURATION_NUMBERS = [
    *("1.5", "0.0000005", "1.0000005", "-1.5", "-0.0000005", "1e10", "9223372036854", "1e18"),
    *("86399999913600", "86400000000000", "-86399999913600", "-86399999913601", "9223371936000"),
    *("9223371936000.5", "371085174374400", "371085174374405", "3.71085174374405e14", "1e300"),
]
UUIDS = [
    *(RUN_ID, RUN_ID.upper(), RUN_ID.replace("-", ""), "{" + RUN_ID + "}", "urn:uuid:" + RUN_ID),
    *("URN:UUID:" + RUN_ID, "{" + RUN_ID.replace("-", "") + "}", RUN_ID[:-1], RUN_ID + "0"),
    *(" " + RUN_ID, RUN_ID[:-1] + "g", RUN_ID.replace("-", "_"), RUN_ID[:8] + RUN_ID[9:] + "-"),
    *("uuid:" + RUN_ID, "urn:uuid:{" + RUN_ID + "}", "0x" + RUN_ID.replace("-", "")[2:], "x" * 36),
    *("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    *("+" + RUN_ID.replace("-", "")[1:], RUN_ID.replace("-", "")[:-2] + "_1", "1_" * 16),
    *(" " + RUN_ID.replace("-", "")[1:], RUN_ID.replace("-", "")[1:] + "\n", "_" + "1" * 31),
    *("\u0661" * 32, "\uff11" + "1" * 31, "0x_" + "1" * 29, "1__" + "1" * 29, "+0x" + "1" * 29),
    *("7c47-5718-49dc-4b34-aae3-732d38c115d6", "urn:7c475718uuid:49dc4b34aae3732d38c115d6", "{}"),
    *("\u00a0" + "1" * 31, "\u00e9" + "1" * 31, "0X" + "f" * 30, "\x1c\u0661" + "1" * 30),
    "",
]
INTEGERS = [
    *('"3"', '"-3"', '"+3"', '"+-3"', '"--3"', '"- 3"', '" 3\\n"', '"\u00a03\u2003"', '"3.00"'),
    *('"3."', '".0"', '"0.0"', '"-0"', '"-0.0"', '"007"', '"-007"', '"0_7"', '"_7"', '"7_"'),
    '"7__1"',
    *('"1_0.0"', '"1.0_0"', '"1e2"', '"0x10"', '"\u0663"', '"2147483648"', '"00"', '"0_0"', '"0_"'),
    *('"+0_12.00 "', '"3.0.0"', '"true"', '"1,000"', "3.0", "-3.0", "3.0000001", "1e9", "1e10"),
    *("9.3e18", "9.2e18", "-9.3e18", '"123456789012345678901234567890"', '"+"', '"-"', '"."'),
]
REALS = [
    *('"1.5"', '" 1.5 "', '"1_0.5"', '" 1_0.5"', '"1e5"', '"1e400"', '"-1e-400"', '".5"', '"5."'),
    *('"."', '"e5"', '"1e"', '"+1.5"', '"-inf"', '"Infinity"', '"infinit"', '"NaN"', '"-nan"'),
    '"0x1"',
    *('"1e+5"', '"1E-05"', '"1__0"', '"\u00a01.5\u3000"', "1.7976931348623157e308", "1.8e308"),
    *("5e-324", "2e-324", "0.1", "0.30000000000000004", "123456789.123456789", "1e23", "1e-5"),
    *("0.0001", "0.00001234", "9007199254740993", "9007199254740993.0", "1e21"),
    "12345678901234567.0",
    "1" + "0" * 308,
    "1" + "0" * 309,
]
BOOLEANS = [
    *('"0"', '"1"', '"f"', '"F"', '"t"', '"n"', '"y"', '"no"', '"No"', '"yes"', '"off"', '"ON"'),
    *('"false"', '"TRUE"', '" true"', '"2"', '"truee"', "1.0", "0.0", "-0.0", "1.5", "2", "-1"),
]
INPUTS = [
    *("{}", '{"input_type": "task_run"}', f'{{"id": "{OTHER_ID}"}}', '{"name": "x"}'),
    *('{"type": "t"}', f'{{"input_type": "task_run", "id": "{OTHER_ID.upper()}"}}'),
    *('{"input_type": null, "id": 1}', f'{{"input_type": "flow_run", "id": "{OTHER_ID}"}}'),
    '{"input_type": "flow_run", "id": "x"}',
    *('{"input_type": "parameter", "name": "x\u00e9"}', '{"input_type": "parameter", "name": 1}'),
    *('{"input_type": "constant", "type": "t"}', '{"input_type": "constant", "name": "x"}'),
    *(f'{{"id": "{OTHER_ID}", "name": "x"}}', f'{{"id": "{OTHER_ID}", "name": 5}}'),
    *('{"name": "x", "type": "t"}', '{"name": 1, "type": "t"}', '{"id": "x", "type": "t"}'),
    *('{"input_type": "weird", "name": "x"}', '{"name": "x", "other": "a\\u0000"}', "[]", "null"),
    '{"input_type": "parameter", "name": "a\\u0000"}',
    '{"input_type": "p\\u0061rameter", "name": "x"}',
    *('{"n\\u0061me": "x"}', '{"name": "x", "name": "y"}', '"x"', f'{{"id": "{{{OTHER_ID}}}"}}'),
]
DELAYS = [
    *("[1, 2]", "[1, 2.0]", "[1.5, 2]", "[1, true]", "[1.5, true]", '["1", 2]', '["1.5", 2]'),
    "[2.0]",
    *("[]", "[null]", "[[1]]", '["x"]', "[NaN]", "[1, 1e400]", "[1, 1.5, 1e400]", "[-0, -0.0]"),
    *("[" + ", ".join(["1"] * 50) + "]", "[" + ", ".join(["1"] * 51) + "]", '["nan", 1]'),
    *("[" + ", ".join(["1.5"] * 51) + "]", "[1" + "0" * 400 + "]", "[1.5, 1" + "0" * 400 + "]"),
]
POLICIES = [
    '{"max_retries": 5, "retries": 0}',
    '{"max_retries": 5, "retries": 1}',
    '{"max_retries": "5", "retries": ""}',
    '{"max_retries": "5", "retries": []}',
    '{"max_retries": false, "retries": null}',
    '{"max_retries": true, "retries": false}',
    '{"max_retries": 0.0, "retries": 7}',
    '{"max_retries": "0"}',
    '{"max_retries": []}',
    '{"retry_delay_seconds": 3, "retry_delay": 0}',
    '{"retry_delay_seconds": 3.5, "retry_delay": []}',
    '{"retry_delay_seconds": "4", "retry_delay": null}',
    '{"retry_delay_seconds": "0.0"}',
    '{"retry_delay_seconds": NaN, "retry_delay": 2}',
    '{"retry_delay_seconds": -0.0, "retry_delay": 2}',
    '{"retry_delay_seconds": 2.0}',
    '{"retries": 1, "retries": 2, "other": 3}',
]


def text(value: str) -> str:
    """A string as JSON, its own characters kept."""
    return json.dumps(value, ensure_ascii=False)


def template(path: tuple[str | int, ...]) -> str:
    """The base event with a place for another value at `path`, whose parents are made."""
    event = copy.deepcopy(BASE)
    at: Any = event
    for step in path[:-1]:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
    at[path[-1]] = PLACE
    return json.dumps(event).replace(f'"{PLACE}"', PLACE)


def fields() -> Iterator[tuple[tuple[str | int, ...], list[str]]]:
    """Every member that an event can have, with the values that are tried in it beside KINDS."""
    times = [*map(text, TIMES), *TIME_NUMBERS]
    durations = [*map(text, DURATIONS), *DURATION_NUMBERS]
    uuids = [text(one) for one in UUIDS]
    for member in ("occurred", "received"):
        yield (member,), times[::3]
    for member in ("id", "follows"):
        yield (member,), uuids
    for member in ("event", "resource", "related", "payload", "unknown"):
        yield (member,), []
    yield (
        ("resource", "prefect.resource.id"),
        [
            *[text("prefect.task-run." + one) for one in UUIDS],
            text("prefect.flow-run." + RUN_ID),
            text("prefect.task-run"),
        ],
    )
    yield (
        ("related", 0, "prefect.resource.id"),
        [
            *[text("prefect.flow-run." + one) for one in UUIDS],
            text("prefect.task-run." + RUN_ID),
        ],
    )
    for path in [
        ("resource", "prefect.orchestration"),
        ("resource", "other"),
        ("related", 0, "prefect.resource.role"),
        ("related", 0, "other"),
        STATE,
        RUN,
        ("payload", "other"),
    ]:
        yield path, ['"server"', '"client"', '"cli\\u0065nt"', '"flow-run"']
    for member in RUN_TIMES:
        yield (*RUN, member), times if member == "start_time" else times[::7]
    for member in RUN_DURATIONS:
        yield (*RUN, member), durations if member == "total_run_time" else durations[::5]
    for member in RUN_INTEGERS:
        yield (*RUN, member), INTEGERS
    for member in [*RUN_TEXTS, *RUN_OTHERS]:
        yield (*RUN, member), [*uuids[::4], '"RUNNING"', '"running"', '"RUNN\\u0049NG"']
    for member in STATE_MEMBERS:
        yield (*STATE, member), [*uuids[::4], *times[::9], '"RUNNING"', '"SCHEDULED"', *REALS]
    for member in DETAILS_UUIDS:
        yield (*DETAILS, member), uuids
    for member in DETAILS_TIMES:
        yield (*DETAILS, member), times if member == "scheduled_time" else times[::7]
    for member in [*DETAILS_TEXTS, "run_input_keyset", "unknown"]:
        yield (*DETAILS, member), ['{"a": "b", "a": "c", "\u00e9": "\\u00e9"}', '{"a": null}']
    for member in DETAILS_BOOLEANS:
        yield (*DETAILS, member), BOOLEANS
    for member in POLICY_NUMBERS:
        extra = DELAYS if member == "retry_delay" else []
        yield (*POLICY, member), [*INTEGERS, *REALS, *extra]
    yield POLICY, POLICIES
    yield (
        (*RUN, "task_inputs"),
        [
            *[f'{{"a": [{one}]}}' for one in INPUTS],
            '{"a": [], "b": [{"name": "x"}], "a": [{"type": "t"}]}',
            '{"a\\u0000": []}',
            '{"a": null}',
            '{"a": null, "a": []}',
        ],
    )
    yield (*RUN, "tags"), ['["a", 1]', '["a\\u0000"]', '["\u00e9", "\\n"]', '["a", null]']
    yield (
        (*RUN, "labels"),
        [
            f'{{"a": {one}}}'
            for one in [*KINDS, '1, "a": null', 'null, "a": 1', '"\\u0000", "a": 1']
        ],
    )
    yield (*RUN, "state"), list(own_states())


def own_states() -> Iterator[str]:
    """States inside task_run; each has an id, because the reference draws a missing one."""
    for more in [
        '"type": "RUNNING"',
        '"type": "RUNNING", "timestamp": "2026-01-01T00:00:00Z", "name": "x"',
        '"type": "SCHEDULED"',
        f'"type": "PAUSED", "state_details": {{"flow_run_id": "{OTHER_ID}", "pause_key": "k"}}',
        f'"type": "PAUSED", "state_details": {{"task_run_id": "{OTHER_ID}"}}',
        '"name": "no type"',
        '"type": "RUNNING", "data": {"a": [1.0]}, "message": "m"',
    ]:
        yield f'{{"id": "{OTHER_ID}", {more}}}'


def random_texts(seed: int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Known forms with a few characters changed."""
    draw = random.Random(seed)

    def changed(word: str, letters: str) -> str:
        letters_of = list(word)
        for _ in range(draw.randint(1, 3)):
            at = draw.randint(0, len(letters_of))
            action = draw.choice("idr")
            if action == "i" or at == len(letters_of):
                letters_of.insert(at, draw.choice(letters))
            elif action == "d":
                del letters_of[at]
            else:
                letters_of[at] = draw.choice(letters)
        return "".join(letters_of)

    for path, words, letters, count in [
        ((*RUN, "start_time"), TIMES, "0123456789-:/TZ +.,W", 700),
        ((*DETAILS, "scheduled_time"), TIMES, "0123456789-:/TZ +.,W", 300),
        ((*RUN, "total_run_time"), DURATIONS, "0123456789-:PTDHMSW., day", 500),
        ((*POLICY, "retries"), [one[1:-1] for one in INTEGERS if one[0] == '"'], "0123_.+- ", 300),
        ((*POLICY, "retry_delay_seconds"), [one.strip('"') for one in REALS], "0123_.+-einf ", 300),
        ((*STATE, "id"), UUIDS, "0123456789abcdefABCDEF-{}", 100),
        (("resource", "prefect.resource.id"), UUIDS, "0123456789abcdefx_+ -{}urnid:", 300),
    ]:
        for _ in range(count):
            word = changed(draw.choice(words).replace("\\n", " "), letters)
            prefix = "prefect.task-run." if path[0] == "resource" else ""
            yield path, text(prefix + word)
