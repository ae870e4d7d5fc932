"""`trixie.py`: README's first command and the unit tests, on Debian 13 in a root of its own.

The root is made by debootstrap and kept in the test cache; it needs root's rights. With
HANGAR_TEST_LONG all of tests/run runs there.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.not_run import not_run
from support.prefect_venv import cache_folder, locked
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

# A process group with mounts of its own: all of it is gone when this test is.
_ENTER = """
root=$1; shift
mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp" && mount -t tmpfs tmpfs "$root/run"
exec chroot "$root" "$@"
"""


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _mirror() -> str:
    """The one that this machine takes Debian's packages from."""
    form = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"
    for target in _output("apt-get", "indextargets", "--format", form).splitlines():
        *kind, uri = target.split("|")
        if kind == ["Debian", "Debian", "main"]:
            return uri
    raise RuntimeError("no source of Debian's main packages is configured for apt")


def _make(root: Path) -> None:
    subprocess.run(
        [
            "debootstrap",
            "--variant=minbase",
            "--include=ca-certificates",
            _RELEASE,
            root,
            _mirror(),
        ],
        check=True,
    )


def _bring_settings(root: Path) -> None:
    """Proxies, certificates and whatever else this machine needs to reach the mirrors."""
    settings = _output("apt-config", "dump", "--no-empty", "Acquire")
    (root / "etc/apt/apt.conf.d/99machine").write_text(settings)
    for own in (Path("/etc/resolv.conf"), Path("/etc/pip.conf")):
        if own.exists():
            shutil.copy(own, root / own.relative_to("/"))
    certificates = Path("/usr/local/share/ca-certificates")
    if certificates.is_dir():
        shutil.copytree(certificates, root / certificates.relative_to("/"), dirs_exist_ok=True)


def _inside(root: Path, *command: str) -> int:
    own = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
    words = (*own, "sh", "-euc", _ENTER, "sh", str(root), "sh", "-euc", *command)
    passed = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    environment = {**passed, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    return subprocess.run(words, env={**environment, "LANG": "C.UTF-8"}, check=False).returncode


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
    if os.environ.get("HANGAR_TEST_LONG"):
        python = _PYTHON_OF_BOOKWORM.format(mirror=_mirror())
        return ("etc/quickstart", python, "update-ca-certificates", "tests/run --long")
    return (
        "etc/quickstart",
        "etc/install-packages build run test",
        "cmake --preset release --log-level=WARNING -DHANGAR_TESTS=ON",
        "cmake --build --preset release --target unit_tests",
        "ctest --test-dir build/release -L unit --no-tests=error --output-on-failure -j 2",
        # What only the newer libraries of that release can do.
        "ctest --test-dir build/release -R '^cli.tls_first$' --no-tests=error --output-on-failure",
    )


def main() -> int:
    if platform.freedesktop_os_release().get("VERSION_CODENAME") == _RELEASE:
        print("this is Debian 13: the other tests of this run are those that would run there")
        return 0
    if os.geteuid() != 0:
        return not_run("a root of Debian 13 is made and entered by root alone")
    root = cache_folder() / _RELEASE
    with locked(_RELEASE):
        made = root / "made"
        if not made.exists():
            shutil.rmtree(root, ignore_errors=True)
            _make(root)
            made.touch()
        _bring_settings(root)
        _copy(root / _CHECKOUT.relative_to("/"))
        for command in _commands():
            print(f"{_RELEASE}: {command}", flush=True)
            if status := _inside(root, f"cd {_CHECKOUT}\n{command}"):
                print(f"{_RELEASE}: {command}: exit status {status}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
