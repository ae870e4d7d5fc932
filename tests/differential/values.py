"""Single values for each kind of field: right ones in every spelling, and wrong ones near to them.

What is right is for the reference to say; here is only what is worth asking. Nothing in here means
the present time ("now", a time of day without a date): no two recordings could agree on it.
"""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Callable
from typing import Any

from differential.json_text import Raw

Values = Callable[[random.Random], Any]

STATE_TYPES = (
    *("SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED"),
    *("CANCELLED", "CRASHED", "PAUSED", "CANCELLING"),
)


def new_uuid(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)


def one_of(*values: Any) -> Values:
    return lambda rng: rng.choice(values)


def either(*kinds: Values) -> Values:
    return lambda rng: rng.choice(kinds)(rng)


def spelled_uuid(rng: random.Random, value: uuid.UUID) -> str:
    """A form that some reader of UUIDs takes; Python's takes more than Prefect's models do."""
    text, digits = str(value), value.hex
    return str(
        rng.choice(
            (
                text,
                text.upper(),
                digits,
                digits.upper(),
                f"{{{text}}}",
                f"{{{digits}}}",
                f"urn:uuid:{text}",
                f"URN:UUID:{text}",
                f"urn:uuid:{{{text}}}",
                f"uuid:{text}",
                f"urn:{text}",
                "-".join(digits),
                f"-{digits}-",
                f"{digits[:16]}-{digits[16:]}",
                f"{{{{{text}}}}}",
                f"{text}}}",
                f"{{{text}",
            )
        )
    )


def broken_uuid(rng: random.Random) -> Any:
    """Forms next to those of a UUID. Python reads 32 characters with int(…, 16)."""
    text = str(new_uuid(rng))
    digits = text.replace("-", "")
    return rng.choice(
        (
            *("", " ", "x", "not-a-uuid", "null", "None", "{}", "urn:uuid:", "0", "-" * 36),
            *(digits[:-1], digits + "0", text + " ", " " + text, text + "\n", text[:-1] + "g"),
            *("0x" + digits[2:], "+" + digits[1:], "0_" + digits[2:], digits[:-1] + "_"),
            *(" " + digits[1:], digits[:-1] + "\t", text.replace("-", "_"), text.replace("-", " ")),
            *("１" + digits[1:], digits[:-1] + "٣", "\x00" + digits[1:], text + "\x00"),
            *("00000000-0000-0000-0000-000000000000", "f" * 32, text[:8] + text[9:]),
            *(None, 0, 1, True, [], {}, [text], {"id": text}, Raw(str(uuid.UUID(text).int))),
        )
    )


def uuids(rng: random.Random) -> Any:
    return spelled_uuid(rng, new_uuid(rng)) if rng.random() < 0.6 else broken_uuid(rng)


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


def plain_time(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def spelled_time(rng: random.Random, time: datetime.datetime) -> Any:
    """The same instant in another form that the reference takes."""
    micros = (time - EPOCH) // datetime.timedelta(microseconds=1)
    minutes = rng.choice((840, -720, 330, -210, 60, 1, -1439, 1439))
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    elsewhere = time.astimezone(zone)
    naive = time.strftime("%Y-%m-%dT%H:%M:%S.%f")
    clock = elsewhere.strftime("%Y-%m-%dT%H:%M:%S.%f")
    sign, offset = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    hours, rest = f"{offset[0]:02d}", f"{offset[1]:02d}"
    return rng.choice(
        (
            naive,
            naive + "+00:00",
            naive + "-00:00",
            naive + "+0000",
            naive + "z",
            naive + "999Z",
            naive + "000",
            naive.replace("T", " "),
            naive.replace("T", " ") + "Z",
            naive.replace("T", "t"),
            naive.replace("T", "_"),
            naive.replace(".", ",") + "Z",
            clock + sign + hours + ":" + rest,
            clock + sign + hours + rest,
            clock.replace("T", " ") + sign + hours + ":" + rest,
            Raw(f"{micros // 1_000_000}.{micros % 1_000_000:06d}"),
            Raw(f"{micros // 1_000_000}.{micros % 1_000_000:06d}9"),
            f"{micros // 1_000_000}.{micros % 1_000_000:06d}",
            time.strftime("%Y%m%dT%H%M%S.%fZ"),
            time.strftime("%Y-%jT%H:%M:%S.%fZ"),
            time.strftime("%G-W%V-%uT%H:%M:%S.%fZ"),
            time.strftime("%GW%V%uT%H%M%S.%f+00:00"),
            time.strftime("%Y/%m/%d %H:%M:%S.%f"),
        )
    )


# Without the last microseconds of the year 9999: on the way through a float or PostgreSQL's driver
# they become the year 10000 or infinity, and Prefect cannot read its own row.
_ODD_TIMES = one_of(
    *("2026-11-20", "2026-11-20T", "2026-11-20T01", "2026-11-20T01:02", "2026-11-20T01:02Z"),
    *("2026-11-20T1:2:3", "2026-11-20 1:02:03", "2026-11-20T01:02:03.", "2026-11-20T01:02:03.5"),
    *("2026-11-20T01:02:03.1234567891", "2026-11-20T01:02:03.1234567890123456789Z"),
    *("2026-11-20T23:59:60Z", "2026-12-31T23:59:60Z", "2026-11-20T24:00:00Z", "2026-11-20T24:00Z"),
    *("2026-11-20T25:00:00Z", "2026-11-20T01:60:00Z", "2026-11-20T01:02:61Z"),
    *("2026-11-20T01:02:03+24:00", "2026-11-20T01:02:03+23:59", "2026-11-20T01:02:03-23:59"),
    *("2026-11-20T01:02:03+5", "2026-11-20T01:02:03+05", "2026-11-20T01:02:03+05:5"),
    *("2026-11-20T01:02:03 +05:00", "2026-11-20T01:02:03 Z", "2026-11-20T01:02:03Z+01:00"),
    *(
        "2026-11-20T01:02:03\N{MINUS SIGN}05:00",
        "2026-11-20T01:02:03UTC",
        "2026-11-20T01:02:03 UTC",
    ),
    *("2026-11-20T01:02:03+05:00:30", "2026-11-20T01:02:03[Europe/Berlin]"),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"),
    *("0001-01-01T00:00:00-14:00", "9999-12-31T23:59:59.5Z", "9999-12-31T23:59:59-14:00"),
    *("9999-12-31T23:59:59.500000Z", "9999-12-31T23:59:59+14:00", "10000-01-01T00:00:00Z"),
    *("+2026-11-20T01:02:03Z", "-0001-01-01T00:00:00Z", "294277-01-01T00:00:00Z", "1969-12-31"),
    *("2026-02-29", "2024-02-29", "2024-02-30", "2026-13-01", "2026-00-10", "2026-11-31"),
    *("20261120", "20261120T010203", "2026-324", "2026324", "2026-W47-5", "2026W475", "2026-W54-1"),
    *("2026-W47", "2026-W53-7T01:02:03Z", "2026-366", "2024-366", "2026-000", "2026-11", "2026"),
    *("2026/11/20", "2026:11:20", "2026/11/20 01:02:03", "2026/11/20 01:02:03.123456789"),
    *("20.11.2026", "11/20/2026", "Nov 20 2026", "Fri, 20 Nov 2026 01:02:03 GMT", "tomorrow"),
    *(
        "2026-11-20T01:02:03Z/2026-11-21T01:02:03Z",
        "2026-11-20/P1D",
        "P1D",
        "PT1S",
        "P1D/2026-11-20",
    ),
    *("", " ", "T", "Z", "infinity", "-infinity", "NaN", "null", "epoch", "not a time"),
    *(" 2026-11-20T01:02:03Z", "2026-11-20T01:02:03Z ", "2026-11-20T01:02:03Z\n", "\t1763600523"),
    *("2026-11-20T01:02:03Z\x00", "２０２６-11-20T01:02:03Z", "2026-11-20\u00a001:02:03"),
    *(0, 1, -1, 1763600523, -1763600523, 1763600523123, 1763600523123456, 1763600523123456789),
    *(19999999999, 20000000000, 20000000001, -20000000000, -20000000001, 253402300799),
    *(253402300800, -62135596800, -62135596801, 253402300799000, 253402300800000),
    *(-62135596800000, -62135596800001, 2**53, 2**63, -(2**63)),
    *("0", "-1", "+1", "1763600523", "1763600523.5", "1763600523123", "20000000001", "1e9", "0x1"),
    *("1763600523.1234567", "1763600523.", ".5", "1_000", "-1763600523.25", "1763600523 "),
    *map(Raw, ("1763600523.9999996", "1763600523.123456789", "1.763600523e9", "1e9", "-1e9")),
    *map(
        Raw, ("1e10", "2e10", "2.1e10", "1e12", "1e13", "1e15", "1e20", "1e300", "1e400", "-1e400")
    ),
    *map(Raw, ("NaN", "Infinity", "0.0", "-0.0", "-0.5", "-0.0000005", "0.0000005", "0.0000004")),
    *map(Raw, ("1763600523.0000005", "123456789012345678901234567890", "1763600523123.4567")),
    *(None, True, False, [], {}, [2026, 11, 20], {"year": 2026}),
)


def times(rng: random.Random) -> Any:
    if rng.random() < 0.4:
        shift = datetime.timedelta(microseconds=rng.randrange(-(10**10), 10**10))
        return spelled_time(rng, NOON + shift)
    return _ODD_TIMES(rng)


# Without those of more than 2,932,896 days that Python's timedelta still holds: SQLite's form of an
# interval, SQLAlchemy's, ends with the year 9999, and the oracle writes to PostgreSQL.
durations = one_of(
    *(0, 1, -1, 90, 10**6, 10**9, -(10**9), 253402300799, 86400000000000, -62135596800),
    *map(Raw, ("0.0", "-0.0", "1.5", "-1.5", "0.0123", "1e-7", "4e-7", "5e-7", "6e-7", "1.5e-6")),
    *map(Raw, ("2.5e-6", "0.9999995", "0.99999949", "1e2", "1e9", "2e11", "1e14", "8.64e13")),
    *map(Raw, ("1e300", "1e400", "NaN", "-Infinity", "1234567.1234567", "16777216.000001")),
    Raw("123456789012345678901234567890"),
    *("PT1.5S", "-PT1.5S", "+PT1.5S", "PT-1.5S", "pt1.5s", "PT1,5S", "PT1S", "PT1.123456789S"),
    *("PT0.0000005S", "PT0.0000015S", "PT0.9999999S", "PT.5S", "PT1.S", "PT61S", "PT90M", "PT36H"),
    *("P1D", "P1DT2H3M4.5S", "P1W", "P1WT1S", "P1Y", "P1M", "P1Y2M3W4DT5H6M7S", "P0.5D", "P1.5W"),
    *("PT0.5H", "PT1.5M", "P1.5Y", "PT1H1.5M", "PT1S1M", "P1D1W", "P1DT", "PT", "P", "-P", "P-1D"),
    *("-P1DT1H", "P2932896D", "P1000000000D", "-P719162D", "-P1000000000D", "P8000Y"),
    *("P2932895DT23H59M59.999999S", "P99999999999999999999D", "PT1S ", " PT1S", "P 1D", "1D"),
    *("1.5", "90", "-90", "+90", "1e3", " 90", "90 ", "0x1", "1_0", "", "one", "00:00", "00:01:02"),
    *("01:02:03", "-01:02:03", "01:02:03.5", "01:02:03.123456789", "1:02:03", "01:02", "24:00:00"),
    *(
        "23:59:59",
        "01:60:00",
        "01:02:60",
        "100:00:00",
        "01:02:03Z",
        "1 day, 01:02:03",
        "+1 day 1:02",
    ),
    *("1 day 01:02:03", "-1 day, 01:02:03", "2 days, 00:00:00.5", "1d01:02:03", "1 d 01:02:03"),
    *("1 day", "2 days", "1 DAY 01:02:03", "1 day,01:02:03", "+1 days 01:02:03", "1 week"),
    *("-00:00:01", "+00:00:01", "00:00:00", "2932895 days 01:00:00", "1.5 days", "PT1S\x00"),
    *(None, True, False, [], {}, [1], {"seconds": 1}),
)

integers = one_of(
    *(0, 1, 2, 3, 17, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63),
    *map(Raw, ("-0", "0.0", "-0.0", "2.0", "5.0", "5.5", "1e2", "1E2", "1e0", "1.5e1", "1e-1")),
    *map(Raw, ("2147483647.0", "2147483648.0", "1e300", "1e400", "-1e400", "NaN", "Infinity")),
    *map(Raw, ("1e18", "1e19", "9007199254740993.0", "3.0000000000000001", "1.0000001")),
    *map(Raw, ("123456789012345678901234567890", "9" * 4300, "9" * 4301, "0" + "1", "1.", "+1")),
    *(
        "3",
        "-3",
        "+3",
        " 3",
        "3 ",
        "\n3",
        "3.0",
        "3.00",
        "3.5",
        "3.",
        ".0",
        "0",
        "-0",
        "007",
        "0x3",
    ),
    *("1_000", "_1", "1__0", "1_", "1e2", "", " ", "three", "３", "٣", "2147483647", "2147483648"),
    *(
        "9" * 30,
        "9" * 4300,
        "9" * 4301,
        "3\x00",
        "NaN",
        "inf",
        "true",
        "1,000",
        "--3",
        "3-",
        "1 000",
    ),
    *(None, True, False, [], [1], {}, {"a": 1}),
)

numbers = one_of(
    *(0, 1, -1, 7, 2**53, 2**53 + 1, 2**63, 10**20, 10**30),
    *map(Raw, ("0.0", "-0.0", "-0", "1.0", "1.5", "0.1", "0.10", "1e2", "1E+2", "1e-2", "1e15")),
    *map(
        Raw, ("1e16", "1e17", "1e21", "1e22", "1e23", "1.5e300", "1e308", "1.7976931348623157e308")
    ),
    *map(Raw, ("1.7976931348623159e308", "1e309", "1e400", "-1e400", "5e-324", "2e-324", "1e-400")),
    *map(Raw, ("2.2250738585072014e-308", "1e-5", "0.0001", "0.00001", "1e-7", "123456.789e3")),
    *map(Raw, ("0.1234567890123456789", "123456789.123456789123456789", "1e16", "1e15", "100.0")),
    *map(Raw, ("9007199254740993", "9007199254740993.0", "123456789012345678901234567890")),
    *map(Raw, ("-123456789012345678901234567890", "NaN", "Infinity", "-Infinity", "9" * 300)),
    *(
        "1",
        "1.5",
        "-1.5",
        "1e2",
        "inf",
        "-inf",
        "nan",
        "Infinity",
        "NaN",
        "",
        " 1.5 ",
        "1_0.5",
        "x",
    ),
    *(None, True, False, [], {}),
)

booleans = one_of(
    *(True, False, 0, 1, 2, -1),
    *map(Raw, ("1.0", "0.0", "-0.0", "1.5", "1e0", "NaN", "1e400")),
    *(
        "true",
        "false",
        "True",
        "FALSE",
        "tRuE",
        "t",
        "f",
        "T",
        "F",
        "yes",
        "no",
        "Yes",
        "y",
        "n",
        "Y",
    ),
    *("on", "off", "ON", "1", "0", "2", "-1", "1.0", "", " true", "true ", "null", "\x00"),
    *(None, [], {}, [True]),
)

strings = one_of(
    *("", " ", "x", "A b", "naïve ☃", "日本語", "\U0001f600", "e\u0301", "\u202ertl", "\ufeffbom"),
    *("\x00", "a\x00b", "\ud800", "a\udc00b", "\udc00\ud800", "\ufffe", "\uffff", "\U0010ffff"),
    *("\u2028", "\u2029", "\x85", "\x7f", "\x1b[31mred", "\r\n", "\t", "\\", '"', "'", "\\u0000"),
    *("'; DROP TABLE task_run; --", "$1 :name %s %(x)s {} {0}", "null", "true", "1", "NaN", "\\N"),
    *("a" * 3000, "é" * 1000, "a" * 100_000),
    *(None, True, 0, 1, -1, [], ["x"], {}, {"x": "y"}),
    *map(Raw, ("1.5", "1e400", '"\\ud83d\\ude00"', '"\\ud83d"', '"\\/"', '"\\u00e9"', '"\\x41"')),
    *map(Raw, ('"a\tb"', '"\\u12"', "'x'", '"\\ud800\\u0041"', '"\\uD83D\\uDE00"', '"\x7f"')),
)
