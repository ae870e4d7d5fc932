"""Runs in Prefect's own Python: which database Prefect takes, one answer for each question.

A question, an element of the JSON list on standard input, has variables of the environment, files
to write below a new home and working folder, and a URL of Hangar's to compare with. An answer is an
object: `url` with the parts of Prefect's, `ours` with those of Hangar's; or `error`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any


def _parts(url: str) -> dict[str, Any]:
    from sqlalchemy import make_url

    made = make_url(url)
    return {
        "driver": made.drivername,
        "user": made.username,
        "has password": made.password is not None,
        "host": made.host,
        "port": made.port,
        "database": made.database,
        "query": {name: str(value) for name, value in made.query.items()},
    }


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    from prefect.settings.models.root import Settings

    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("PREFECT_")}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, text in question.get("files", {}).items():
            Path(folder, name).write_text(text)
        os.environ.clear()
        os.environ.update(kept, PREFECT_HOME=folder)
        os.environ.update(question["variables"])
        try:
            url = Settings().server.database.connection_url
        except Exception as error:
            return {"error": str(error)}
        text = url.get_secret_value().replace(folder, "HOME")
    return {"url": _parts(text), "ours": _parts(question["ours"]) if "ours" in question else None}


def main() -> None:
    warnings.simplefilter("ignore")
    json.dump([_answer(question) for question in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
