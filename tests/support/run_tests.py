"""`python3 -m support.run_tests FILE [NAME…]`: the unittest cases of a file, for ctest.

Stricter than `python3 -m unittest`: no test at all is a failure, and so is a skipped one.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import os
import signal
import sys
import unittest
from pathlib import Path
from types import ModuleType

from support.current_nats import current_nats
from support.not_run import not_run


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def main(file: str, *names: str) -> int:
    faulthandler.register(signal.SIGUSR1)
    if version := os.environ.get("HANGAR_TEST_NATS_VERSION"):
        server = current_nats(version)
        if not server.exists():
            return not_run(f"there is no nats-server {version}; the test current_nats says why")
        os.environ["HANGAR_TEST_NATS_SERVER"] = str(server)
    module = _load(Path(file).resolve())
    loader = unittest.defaultTestLoader
    suite = (
        loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    )
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if not result.testsRun:
        print(f"{file}: no test was found", file=sys.stderr)
    return 0 if result.wasSuccessful() and result.testsRun and not result.skipped else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
