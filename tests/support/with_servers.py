"""`with_servers.py [--postgres [--pgbouncer]] [--nats] -- PROGRAM [ARG…]`: with servers of its own.

The program finds HANGAR_TEST_POSTGRES_URL, the same without a database as
HANGAR_TEST_POSTGRES_SERVER, HANGAR_TEST_NATS_URL and HANGAR_TEST_NATS_PORT; its exit status becomes
this one's. The servers end with this process, however it ends.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.pgbouncer import PgBouncer
from support.servers import NatsServer, PostgresServer, die_with_parent


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs a program that needs servers.")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--pgbouncer", action="store_true", help="between program and PostgreSQL")
    parser.add_argument("--nats", action="store_true")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    # So that a polite end runs the clean-up too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    environment = dict(os.environ)
    with contextlib.ExitStack() as servers:
        if arguments.postgres:
            postgres = servers.enter_context(PostgresServer(fsync=False))
            url = postgres.url()
            if arguments.pgbouncer:
                url = servers.enter_context(PgBouncer(postgres, pool=2)).url()
            environment["HANGAR_TEST_POSTGRES_URL"] = url
            environment["HANGAR_TEST_POSTGRES_SERVER"] = url.rpartition("/")[0]
        if arguments.nats:
            nats = servers.enter_context(NatsServer())
            environment["HANGAR_TEST_NATS_URL"] = nats.url
            environment["HANGAR_TEST_NATS_PORT"] = str(nats.port)
        status = subprocess.run(
            arguments.command,
            env=environment,
            preexec_fn=die_with_parent(signal.SIGKILL),
            check=False,
        ).returncode
        # A shell's way to say which signal it was.
        return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
