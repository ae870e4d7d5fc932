"""Prefect with prefect-nats: its wheel, built from this tree, in a venv upon the tests' own."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from support.prefect_venv import (
    BASE_PYTHON,
    PrefectVenv,
    cache_folder,
    locked,
    prefect_venv,
    run,
)
from support.tree import ROOT, files

_NAME = "prefect-nats-"
_SOURCE = "etc/prefect_nats"
# What a NATS client promises decides what the broker does.
_REQUIREMENTS = ("nats-py[nkeys]==2.16.0",)


def _key(below: PrefectVenv) -> str:
    seed = hashlib.sha256("\n".join((below.folder.name, *_REQUIREMENTS)).encode())
    seed.update(Path(__file__).read_bytes())
    for file in files(under=_SOURCE):
        seed.update(f"\n{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return seed.hexdigest()[:12]


def prefect_nats_venv() -> PrefectVenv:
    """The venv, made when there is none of these sources; `dist` in it holds the wheel."""
    if _within():
        return PrefectVenv(Path(sys.prefix))
    below = prefect_venv()
    folder = cache_folder() / (_NAME + _key(below))
    finished = folder / "finished"
    with locked("prefect-nats-venv"):
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a maker that was killed
            _make(below, folder)
            finished.touch()
    return PrefectVenv(folder)


def _make(below: PrefectVenv, folder: Path) -> None:
    run([below.python, "-m", "venv", "--without-pip", folder])
    installed = next((below.folder / "lib").glob("python*/site-packages"))
    own = next((folder / "lib").glob("python*/site-packages"))
    (own / "prefect.pth").write_text(f"{installed}\n")
    program = folder / "bin" / "prefect"
    program.write_text(f'#!/bin/sh\nexec {folder}/bin/python -m prefect "$@"\n')
    program.chmod(0o755)
    quiet = ("--disable-pip-version-check", "--no-input", "--quiet")
    pip = (below.python, "-m", "pip", "--python", folder / "bin" / "python", *quiet)
    run([*pip, "wheel", "--no-deps", "--wheel-dir", folder / "dist", ROOT / _SOURCE])
    (wheel,) = (folder / "dist").glob("*.whl")
    run([*pip, "install", wheel, *_REQUIREMENTS])


def _within() -> bool:
    return Path(sys.prefix).name.startswith(_NAME)


def continue_with_prefect_nats() -> None:
    """For a test's first line: goes on, with the same arguments, in the venv's interpreter."""
    if _within():
        return
    venv = prefect_nats_venv()
    for name in [name for name in os.environ if name.startswith("NATS_")]:
        del os.environ[name]
    environment = {
        **venv.environment(venv.folder / "home"),
        "PYTHONPATH": str(ROOT / "tests"),
        BASE_PYTHON: sys.executable,
        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_nats.messaging",
        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_nats.messaging",
    }
    os.execve(venv.python, [str(venv.python), *sys.orig_argv[1:]], environment)
