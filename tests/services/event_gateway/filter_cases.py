"""Random events and filters that often meet, and filters that are none."""

from __future__ import annotations

import copy
import json
import random
import uuid
from typing import Any

NAMES = (
    "prefect.flow-run.Running", "prefect.flow-run.Completed", "prefect.task-run.Running",
    "PREFECT.Flow-Run.running", "prefect_flow", "prefectXflow", "a%b", "e", "", "é.Ünï",
)  # fmt: skip
PREFIXES = (
    "prefect.",
    "prefect.flow-run.",
    "PREFECT.",
    "prefect_",
    "a%",
    "e",
    "",
    "é",
    "x",
    "_",
    "r",
)
RESOURCES = (
    "prefect.flow-run.1", "prefect.flow-run.2", "prefect.flow.1", "r", "R", "prefect_flow%run",
    "é[x]", "a-b", "]",
)  # fmt: skip
ROLES = ("flow-run", "flow", "tag", "!tag", "a*", "é")
LABELS = ("prefect.resource.name", "env", "x y", "é")
VALUES = ("prod", "Prod", "staging", "", "a", "b", "-", "]", "!", "^", "é", "ü", "a-z", "[a]", "\\",
          "pro d", "50%", "x_y", "\n")  # fmt: skip
PATTERNS = (
    *VALUES, "*", "p*", "*d", "?rod", "!prod", "!*", "[ap]*", "[!a]*", "[a-c]", "[!a-c]", "[z-a]",
    "[!z-a]", "[]]", "[!]]", "[", "[a", "[a-]", "[-a]", "[a-c-e]", "[ab-]", "[^a]", "[\\]",
    "[a&&b]", "!", "!!", "**", "*a*z*", "[é-ü]", "prefect.flow-run.*", "prefect.*", "!prefect.*",
    "[!-a]", "[a-b-]", "[c-a-b]", "%", "_", "x?y", "*%",
)  # fmt: skip
WORDS = (
    "run", "RUN", "flow-run", "Ünï", "ünï", "É", "İ", "ΑΣ", "ας", "none", "true", "1.5", "'a'",
    "prod", "é", "\\u00e9", "zzz", "1e+16", "nan", "\\n", "[1, 2]", "straße", "x_y", "50%", "\\xa0",
)  # fmt: skip
PAYLOADS: tuple[dict[str, Any], ...] = (
    {}, {"a": None, "b": [True, False, 1, -2.5, 1e16, 1e-7]}, {"é": "ÜNÏ 'x' \"y\""},
    {"s": "it's", "t": 'say "hi"', "n": {"m": []}},
    {"s": "\n\t\\\x00\x7f\u00a0\u2028\u200b\U0001f600"},
    {"v": "ΑΣ ΣΑ İ STRASSE \ue000\u0378"}, {"n": 12345678901234567890, "z": -0.0},
)  # fmt: skip
TIMES = (
    "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000001Z", "2020-01-01T02:00:00+02:00",
    "2020-06-01T12:00:00", 1577836800, 1577836800000, 1577836800.5, "2020-01-01",
    "2999-01-01T00:00Z",
)  # fmt: skip
NO_TIMES: tuple[Any, ...] = (None, "yesterday", "", True, [], {}, "2020-13-01T00:00:00Z")
OTHERS: tuple[Any, ...] = (
    None,
    0,
    1,
    True,
    1.5,
    "x",
    [],
    {},
    ["x"],
    {"x": "y"},
    [1],
    [None],
    [["a"]],
    "ASC",
)


class Cases:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.ids = [str(uuid.UUID(int=self._random.getrandbits(128))) for _ in range(30)]

    def event(self, number: int) -> dict[str, Any]:
        pick = self._random.choice
        return {
            "id": self.ids[number],
            "occurred": pick(("2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000001+00:00",
                              "2020-06-01T12:00:00+05:30", "2026-01-01T00:00:00Z")),
            "event": pick(NAMES),
            "resource": self._resource(),
            "related": [
                self._resource(role=pick(ROLES)) for _ in range(self._random.randrange(4))
            ],
            "payload": pick(PAYLOADS),
            "follows": None,
            "received": "2020-01-01T00:00:00Z",
        }  # fmt: skip

    def _resource(self, role: str | None = None) -> dict[str, str]:
        made = {"prefect.resource.id": self._random.choice(RESOURCES)}
        if role is not None or self._random.random() < 0.1:
            made["prefect.resource.role"] = role or "flow"
        for label in self._random.sample(LABELS, self._random.randrange(3)):
            made[label] = self._random.choice(VALUES)
        return made

    def filter(self) -> Any:
        """One in five of those that are returned is not as it should be."""
        made = self._valid()
        if self._random.random() < 0.2:
            made = self._spoiled(made)
        return made

    def _some(self, values: tuple[Any, ...], most: int = 3) -> Any:
        if self._random.random() < 0.1:
            return None
        return [self._random.choice(values) for _ in range(self._random.randrange(most + 1))]

    def _part(self, fields: dict[str, Any], share: float = 0.35) -> dict[str, Any]:
        """Some of the fields, each made by what it holds."""
        return {name: make() for name, make in fields.items() if self._random.random() < share}

    def _labels(self) -> Any:
        some = self._random.random
        names = (*LABELS, "prefect.resource.id", "prefect.resource.role")
        made: dict[str, Any] = {}
        for name in self._random.sample(names, self._random.choice((0, 1, 1, 2))):
            near = {"prefect.resource.id": RESOURCES, "prefect.resource.role": ROLES}.get(name, ())
            chosen = [self._random.choice((*PATTERNS, *near, *near)) for _ in range(2)]
            made[name] = chosen[0] if some() < 0.5 else chosen[: self._random.randrange(3)]
        return made

    def _ids(self) -> Any:
        forms = (lambda text: text, str.upper, lambda text: text.replace("-", ""),
                 lambda text: f"{{{text}}}", lambda text: f"urn:uuid:{text}")  # fmt: skip
        return [self._random.choice(forms)(self._random.choice(self.ids)) for _ in range(10)]

    def _query(self) -> str:
        def word() -> str:
            found = self._random.choice(WORDS)
            quoted = self._random.random() < 0.2
            return self._random.choice(("", "", "", "-", "!", "+", "- ")) + (
                '"' + found.replace("\\", "\\\\").replace('"', '\\"') + '"' if quoted else found
            )

        blank = self._random.choice((" ", "  ", "\u00a0", "\t", '"'))
        return blank.join(word() for _ in range(self._random.randrange(4)))

    def _any(self) -> dict[str, Any]:
        return self._part({
            "id": lambda: self._some(RESOURCES),
            "id_prefix": lambda: self._some(PREFIXES),
            "labels": self._labels,
        })  # fmt: skip

    def _related(self) -> dict[str, Any]:
        return self._part({
            "id": lambda: self._some(RESOURCES),
            "role": lambda: self._some((*ROLES, "")),
            "resources_in_roles": lambda: [
                [self._random.choice(RESOURCES), self._random.choice(ROLES)] for _ in range(2)
            ],
            "labels": self._labels,
        })  # fmt: skip

    def _one_or_more(self, make: Any) -> Any:
        if self._random.random() < 0.6:
            return make()
        return [make() for _ in range(self._random.randrange(3))]

    def _valid(self) -> dict[str, Any]:
        times = lambda: self._random.choice(TIMES)  # noqa: E731
        return self._part({
            "occurred": lambda: {"since": "2019-01-01T00:00:00Z"}
            | self._part({"since": times, "until": times}, 0.3),
            "event": lambda: self._part({
                "prefix": lambda: self._some(PREFIXES), "name": lambda: self._some(NAMES, 5),
                "exclude_prefix": lambda: self._some(PREFIXES),
                "exclude_name": lambda: self._some(NAMES),
            }),
            "resource": lambda: self._any() | self._part({"distinct": lambda: False}, 0.1),
            "related": lambda: self._one_or_more(self._related),
            "any_resource": lambda: self._one_or_more(self._any),
            "id": lambda: {"id": self._ids()},
            "text": lambda: {"query": self._query()},
            "order": lambda: self._random.choice(("ASC", "DESC")),
        }, 0.3) | ({} if self._random.random() < 0.1 else {"occurred": {"since": 0}})  # fmt: skip

    def _spoiled(self, whole: dict[str, Any]) -> Any:
        """With one value of it, or one more, chosen by chance."""
        made = copy.deepcopy(whole)
        place: Any = made
        for _ in range(self._random.randrange(4)):
            inner = place.values() if isinstance(place, dict) else place
            nested = [each for each in inner if isinstance(each, dict | list) and each]
            if not nested:
                break
            place = self._random.choice(nested)
        value = self._random.choice((*OTHERS, *NO_TIMES, "x" * 201))
        if isinstance(place, list):
            place[self._random.randrange(len(place))] = value
        else:
            names = (*place, "since", "id", "distinct", "order", "query", "unknown")
            place[self._random.choice(names)] = value
        return made


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def searched(event: dict[str, Any]) -> str:
    """What a database searches: the text of its columns."""
    columns = (as_text(event[name]) for name in ("resource", "related", "payload"))
    return " ".join((event["event"], *columns))
