"""What /metrics tells: its families of series, and the table of them that the docs have."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from support.program import flags, hangar_running
from support.servers import wait_until
from support.surface import Surface
from support.temporary import temporary_folder

_SERVICES = ("event_gateway", "event_logger", "event_persister", "task_run_recorder")
# Labels whose values are a closed set, all of which are there from the start.
_CLOSED = ("kind", "lease", "op", "outcome", "state", "table")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass
class Family:
    kind: str
    help: str
    labels: dict[str, set[str]] = field(default_factory=dict)


@contextlib.contextmanager
def everything_running() -> Iterator[Surface]:
    """The surface of a host that is ready and runs every service of this project."""
    with temporary_folder("exposition") as data:
        enabled = {f"services.{service}.enabled": "true" for service in _SERVICES}
        settings = {
            "data_dir": data,
            "services.event_gateway.listen": "127.0.0.1:0",
            "services.event_gateway.api_url": "http://127.0.0.1:4200",
            **enabled,
        }
        log = data / "hangar.log"
        with hangar_running(*flags(settings), log=log) as process:
            surface = Surface.of(process, data, log)

            def told() -> bool:
                # Periodic work begins a moment after its service.
                ready = surface.ask("/readyz")[0] == 200
                return ready and "hangar_lease_runs_total" in surface.ask("/metrics")[1]

            wait_until(told, what="every metric", process=process, log=log)
            yield surface


def families(text: str) -> dict[str, Family]:
    """By name; a histogram is one family."""
    found: dict[str, Family] = {}
    helps: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, _, helps[name] = line.removeprefix("# HELP ").partition(" ")
        elif line.startswith("# TYPE "):
            name, _, kind = line.removeprefix("# TYPE ").partition(" ")
            found[name] = Family(kind, helps.get(name, ""))
        else:
            for label, value in _LABEL.findall(line):
                if label != "le":
                    found[name].labels.setdefault(label, set()).add(value)
    return found


def table(found: dict[str, Family]) -> str:
    """Markdown; the order is that of the names."""
    lines = ["| Metric | Type | Labels | Meaning |", "|---|---|---|---|"]
    for name, family in sorted(found.items()):
        labels = ", ".join(_described(label, family.labels[label]) for label in family.labels)
        lines.append(f"| `{name}` | {family.kind} | {labels} | {family.help} |")
    return "\n".join(lines) + "\n"


def _described(label: str, values: set[str]) -> str:
    return f"`{label}` ({', '.join(sorted(values))})" if label in _CLOSED else f"`{label}`"


if __name__ == "__main__":
    with everything_running() as running:
        print(table(families(running.ask("/metrics")[1])), end="")
