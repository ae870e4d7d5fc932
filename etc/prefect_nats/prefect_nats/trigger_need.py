"""Whether an automation can need events of task runs: what the database says, and Prefect."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from prefect.server.database import provide_database_interface
from prefect.server.events import triggers as loaded
from prefect.server.events.models.automations import automations_session
from prefect.server.events.schemas.automations import (
    CompoundTrigger,
    EventTrigger,
    SequenceTrigger,
)

from prefect_nats import names

_SPECIAL = re.compile(r"[*?\[\]!]")
_ANSWER_WITHIN = 5.0


def may_match(pattern: str) -> bool:
    """Whether a pattern of `expect` or `after` may match an event of task runs.

    Only a literal, or one with a `*` behind it, is looked at; any other pattern may match. The two
    are taken for the same: `EventTrigger.covers` also compares only the beginning.
    """
    literal = pattern.removesuffix("*")
    return (
        _SPECIAL.search(literal) is not None
        or literal.startswith(names.TASK_RUN_EVENTS)
        or names.TASK_RUN_EVENTS.startswith(literal)
    )


def needs_task_runs(trigger: Any) -> bool:
    """Whether a trigger, or one within it, may match an event of task runs; unknown kinds may."""
    return any(_needs(each) for each in trigger.all_triggers())


def _needs(trigger: Any) -> bool:
    if type(trigger) in (CompoundTrigger, SequenceTrigger):
        return False  # its children tell
    if type(trigger) is not EventTrigger:
        return True
    return not trigger.expect or any(map(may_match, trigger.expect | trigger.after))


class Automations:
    """The enabled automations as the database has them; asked often, read when they changed."""

    def __init__(self) -> None:
        self._read: set[tuple[UUID, datetime]] | None = None
        self._need: str | None = None

    async def need(self) -> str | None:
        """Why events of task runs are needed; None when no enabled automation can match one.

        What was committed before this was called is seen. Raises what the database raises, and
        TimeoutError when it does not answer.
        """
        async with asyncio.timeout(_ANSWER_WITHIN):
            await self._look()
        # Prefect may still have loaded what the database has no more.
        return self._need or _first((each.id, each) for each in list(loaded.triggers.values()))

    async def _look(self) -> None:
        automation = provide_database_interface().Automation
        enabled = automation.enabled.is_(True)
        # Not the greatest `updated`: the clocks of API servers differ.
        marks = sa.select(automation.id, automation.updated).where(enabled)
        async with automations_session() as session:
            if {tuple(row) for row in await session.execute(marks)} == self._read:
                return
            every = marks.add_columns(automation.name, automation.trigger)
            rows = (await session.execute(every)).all()
        self._need = _first((row.name, row.trigger) for row in rows)
        self._read = {(row.id, row.updated) for row in rows}


def _first(triggers: Iterable[tuple[Any, Any]]) -> str | None:
    for name, trigger in triggers:
        if needs_task_runs(trigger):
            return f"automation {str(name)!r} can match them"
    return None
