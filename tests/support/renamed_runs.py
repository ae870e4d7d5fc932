"""Runs of the same flows, made comparable: ids become what they stand for, times all the same."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
# Of inputs and ids, which are different each time.
_DIGEST = re.compile(r"[0-9a-f]{32,}")
_DURATIONS = ("total_run_time", "estimated_run_time", "estimated_start_time_delta")

Run = Mapping[str, Any]


def plain_name(run: Run) -> str:
    """A task run's name without the beginning of its dynamic key, which Prefect puts at the end."""
    name = str(run["name"])
    random = bool(_UUID.fullmatch(str(run.get("dynamic_key"))))
    return name.removesuffix(f"-{run['dynamic_key'][:3]}") if random else name


def renamed(
    tag: str, flow_runs: Sequence[Run], task_runs: Sequence[Run], histories: Sequence[Sequence[Run]]
) -> Counter[str]:
    """Each task run, and each history of states, in a form that says nothing of this time."""
    names = {run["id"]: f"flow run {run['name']}" for run in flow_runs}
    names |= {run["id"]: f"task run {plain_name(run)}" for run in task_runs}
    names |= {run["state_id"]: f"state of {plain_name(run)}" for run in task_runs}

    def text(value: str) -> str:
        value = _UUID.sub(lambda found: f"<{names.get(found[0], 'id')}>", value)
        return _DIGEST.sub("<digest>", _TIME.sub("<time>", value)).replace(tag, "<tag>")

    def form(value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {text(name): form(each, name) for name, each in value.items()}
        if isinstance(value, list):  # Prefect's lists of inputs and of tags are sets
            return sorted((form(each) for each in value), key=repr)
        if key in _DURATIONS and value is not None:
            return "<duration>"
        return text(value) if isinstance(value, str) else value

    forms: list[Any] = [{**form(run), "name": plain_name(run)} for run in task_runs]
    forms += [[form(state) for state in history] for history in histories]
    return Counter(json.dumps(each, sort_keys=True) for each in forms)
