"""`trixie.py`: README's first command, on Debian 13 in a root of its own.

The root is made by debootstrap and kept in the test cache; it needs root's rights. With
HANGAR_TEST_LONG all of tests/run runs there.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from support.debian_root import debian_root, mirror, run_inside
from support.not_run import not_run
from support.prefect_venv import locked
from support.tree import ROOT, files

_RELEASE = "trixie"
_CHECKOUT = Path("/hangar")

# The reference's verdicts are those of a Python before 3.13, which Debian 12 has. Its venv module
# asks for a package that cannot be there, and does not need it.
_PYTHON_OF_BOOKWORM = """
command -v python3.11 >/dev/null && exit
echo "deb {mirror} bookworm main" >/etc/apt/sources.list.d/bookworm.list
printf 'Package: *\nPin: release n=bookworm\nPin-Priority: 100\n' >/etc/apt/preferences.d/bookworm
apt-get update -qq
apt-get install -y -qq --no-install-recommends python3.11 python3-pip-whl
cd /tmp
apt-get download -qq python3.11-venv
dpkg -x python3.11-venv_*.deb /
"""


def _copy(checkout: Path) -> None:
    """Brings what changed since the last time, so that the build there makes only that anew."""
    wanted = {file.relative_to(ROOT) for file in files()}
    for file in wanted:
        target = checkout / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != (ROOT / file).read_bytes():
            shutil.copy(ROOT / file, target)
    for old in files(under=str(checkout)):
        if old.relative_to(checkout) not in wanted:
            old.unlink()


def _commands() -> Sequence[str]:
    # Whatever the last run built there, this one begins as a user does.
    begin = ("rm -f build/release/CMakeCache.txt", "etc/quickstart")
    if os.environ.get("HANGAR_TEST_LONG"):
        python = _PYTHON_OF_BOOKWORM.format(mirror=mirror())
        return (*begin, python, "update-ca-certificates", "tests/run --long")
    return (
        *begin,
        "etc/install-packages build run test",
        # What only the newer libraries of that release can do.
        "PYTHONPATH=tests HANGAR_TEST_BUILD=$PWD/build/release"
        " python3 -m support.run_tests tests/cli/test_tls_first.py",
    )


def main() -> int:
    if platform.freedesktop_os_release().get("VERSION_CODENAME") == _RELEASE:
        print("this is Debian 13: the other tests of this run are those that would run there")
        return 0
    if os.geteuid() != 0:
        return not_run("a root of Debian 13 is made and entered by root alone")
    with locked(_RELEASE):
        root = debian_root(_RELEASE)
        _copy(root / _CHECKOUT.relative_to("/"))
        for command in _commands():
            print(f"{_RELEASE}: {command}", flush=True)
            if status := run_inside(root, f"cd {_CHECKOUT}\n{command}"):
                print(f"{_RELEASE}: {command}: exit status {status}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
