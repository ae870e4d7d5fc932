"""For tests of prefect-nats: a database of Prefect's in this process, and automations in it."""

from __future__ import annotations

import unittest
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from prefect.server.database import provide_database_interface
from prefect.server.events.models.automations import automations_session
from prefect.server.events.schemas.automations import Automation
from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL, temporary_settings

from support.prefect_venv import create_prefect_sqlite, prefect_url
from support.temporary import temporary_folder

_EVENT = {"type": "event", "posture": "Reactive", "threshold": 1, "within": 0}
FLOW_RUNS = {**_EVENT, "expect": ["prefect.flow-run.*"]}
TASK_RUNS = {**_EVENT, "expect": ["prefect.task-run.Failed"]}


def prefect_sqlite(case: type[unittest.TestCase]) -> str:
    """A new file: one for a process, for Prefect keeps the first that it is led to."""
    folder = case.enterClassContext(temporary_folder("automations"))
    return prefect_url(str(create_prefect_sqlite(folder / "prefect.db")))


async def without_automations(case: unittest.IsolatedAsyncioTestCase, database: str) -> None:
    """The database for one test: Prefect's settings and connections are those of its loop."""
    case.enterContext(temporary_settings({PREFECT_SERVER_DATABASE_CONNECTION_URL: database}))
    case.addAsyncCleanup((await provide_database_interface().engine()).dispose)
    await execute(sa.delete(_table()))


def automation(name: str, trigger: dict[str, Any]) -> Automation:
    return Automation(name=name, trigger=trigger, actions=[{"type": "do-nothing"}])


async def execute(statement: Any) -> None:
    async with automations_session(begin_transaction=True) as session:
        await session.execute(statement)


async def insert(made: Automation, **values: Any) -> None:
    """A row as Prefect makes it, but without its event and notification."""
    now = datetime.now(UTC)
    row = {**made.model_dump(), "created": now, "updated": now, **values}
    await execute(provide_database_interface().queries.insert(_table()).values(**row))


async def update(made: Automation, **values: Any) -> None:
    await execute(sa.update(_table()).where(_table().id == made.id).values(**values))


def _table() -> Any:
    return provide_database_interface().Automation
