"""What streams, subjects and consumers are called. Hangar uses the same names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

DEAD_LETTERS = "dlq"
"""The topic of the dead letters, one subject for each durable consumer."""

TASK_RUN_EVENTS = "prefect.task-run"
"""How the names of the events begin that have a subject of their own."""

REACTIVE_TRIGGERS = ("events", "reactive-triggers")
"""The topic and group of Prefect's service that runs automations' triggers."""

_PLAIN = re.compile(r"[a-z0-9_-]{1,64}")
_MESSAGE_ID = re.compile(r"[!-~]{1,256}")
_TASK_RUN = "task-run"
_OTHER = "other"


def _token(name: str) -> str:
    """The name where NATS takes it as one token, else what is left of it and a digest."""
    if _PLAIN.fullmatch(name):
        return name
    left = re.sub("[^a-z0-9_-]", "_", name.lower())[:40]
    return f"{left}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def stream_name(prefix: str, topic: str) -> str:
    """The stream that holds a topic."""
    return f"{prefix}_{_token(topic).upper()}"


def topic_subject(prefix: str, topic: str, token: str) -> str:
    """A subject of a topic's stream; `token` is one token, or `>` for all of them."""
    return f"{prefix.lower()}.{_token(topic)}.{token}"


def subject_class(attributes: Mapping[str, Any]) -> str:
    """The last token of the subject: an event's own name may hold blanks and wildcards.

    `task-run` has exactly the events that Prefect's recorder looks at.
    """
    event = str(attributes.get("event", ""))
    return _TASK_RUN if event.startswith(TASK_RUN_EVENTS) else _OTHER


def durable_name(topic: str, group: str) -> str:
    """The durable consumer that a group shares."""
    return f"{_token(topic)}-{_token(group)}"


def durable_filter(prefix: str, topic: str, group: str) -> str | None:
    """The subject that a group is limited to; None is the whole topic."""
    if (topic, group) == ("events", "task-run-recorder"):
        return task_run_subject(prefix)
    return None


def task_run_subject(prefix: str) -> str:
    """The subject of events of task runs."""
    return topic_subject(prefix, "events", _TASK_RUN)


def other_subject(prefix: str) -> str:
    """The subject of all other events."""
    return topic_subject(prefix, "events", _OTHER)


def message_id(value: Any) -> str:
    """The value as JetStream can compare it: a header is stripped and holds one line."""
    text = str(value)
    if _MESSAGE_ID.fullmatch(text):
        return text
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
