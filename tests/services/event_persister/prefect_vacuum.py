"""Runs Prefect's event vacuum once on each of the databases that the arguments are URLs of.

By its settings in the environment, in its own venv. A process for each, because Prefect keeps the
first database that it was given; all of this one, because its import takes longer than the rest.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys

from prefect.server.database import provide_database_interface
from prefect.server.services import db_vacuum
from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL, temporary_settings


async def _vacuum() -> None:
    db = provide_database_interface()
    await db_vacuum.vacuum_events_with_retention_overrides(db=db)
    await db_vacuum.vacuum_old_events(db=db)


def vacuum(url: str) -> None:
    with temporary_settings({PREFECT_SERVER_DATABASE_CONNECTION_URL: url}):
        asyncio.run(_vacuum())


def main() -> int:
    processes = multiprocessing.get_context("fork")
    for url in sys.argv[1:]:
        process = processes.Process(target=vacuum, args=(url,))
        process.start()
        process.join()
        if process.exitcode != 0:
            return 1
    return 0


sys.exit(main())
