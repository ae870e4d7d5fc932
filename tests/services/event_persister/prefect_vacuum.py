"""Runs Prefect's event vacuum once, by its settings in the environment, in its own venv."""

from __future__ import annotations

import asyncio

from prefect.server.database import provide_database_interface
from prefect.server.services import db_vacuum


async def main() -> None:
    db = provide_database_interface()
    await db_vacuum.vacuum_events_with_retention_overrides(db=db)
    await db_vacuum.vacuum_old_events(db=db)


asyncio.run(main())
