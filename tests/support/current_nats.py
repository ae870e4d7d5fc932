"""`current_nats.py VERSION`: builds nats-server of that release with Go, into the test cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from support.not_run import not_run
from support.prefect_venv import cache_folder


def current_nats(version: str) -> Path:
    """Where the server of that release is once it is built."""
    return cache_folder() / f"nats-{version}" / "nats-server"


def main(version: str) -> int:
    program = current_nats(version)
    if not program.exists():
        if shutil.which("go") is None:
            return not_run(f"nats-server {version} needs Go, and there is none")
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.parent) as folder:
            # The Go that is here or none: another toolchain is not for a test to download.
            environment = {
                **os.environ,
                "GOBIN": folder,
                "GOTOOLCHAIN": "local",
                "CGO_ENABLED": "0",
            }
            module = f"github.com/nats-io/nats-server/v2@v{version}"
            if subprocess.run(["go", "install", module], env=environment, check=False).returncode:
                return not_run(f"go install {module} failed: is Go too old, is there no network?")
            Path(folder, "nats-server").rename(program)
    return subprocess.run([program, "--version"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
