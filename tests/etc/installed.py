"""`installed.py`: the Debian packages in a bare root of this machine's release.

lintian finds nothing in them; they are upgraded to, purged, and used as etc/docs/install.md says.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from support.console import commands
from support.debian_root import debian_root, run_inside
from support.not_run import not_run
from support.packages import PAGE, make_packages
from support.prefect_venv import locked
from support.temporary import temporary_folder
from support.tree import ROOT

_FOLDER = Path("/packages")
_OLDER = "0.0.1"

_PREPARE = """
apt-get update -qq
apt-get install -y -qq --no-install-recommends lintian zsh fish man-db
"""
_LINTIAN = "lintian --allow-root --fail-on error,warning --tag-display-limit 0 *.deb"
_PATHS = """
bash -n /usr/share/bash-completion/completions/hangar
zsh -n /usr/share/zsh/vendor-completions/_hangar
fish -n /usr/share/fish/vendor_completions.d/hangar.fish
fish -c 'complete -C "hangar dlq re"' | grep -q '^replay'
MANWIDTH=100 man --warnings hangar 2>&1 >/tmp/page | tee /tmp/warnings
test ! -s /tmp/warnings
grep -q 'hangar dlq replay' /tmp/page
"""
_UPGRADE = """
apt-get install -y -qq --no-install-recommends ./older/*.deb
test "$(stat -c '%U:%G %a' /var/lib/hangar)" = 'hangar:hangar 700'
echo '# ours' >>/etc/hangar/hangar.yaml
runuser -u hangar -- touch /var/lib/hangar/kept
apt-get install -y -qq --no-install-recommends ./*.deb
test -e /var/lib/hangar/kept
tail -n 1 /etc/hangar/hangar.yaml | grep -q '^# ours$'
test "$(dpkg-query -W -f '${Version} ' 'hangar*' | tr ' ' '\\n' | sort -u | wc -l)" = 1
"""
_REMOVE = """
apt-get remove -y -qq 'hangar*'
test -e /etc/hangar/hangar.yaml && test -e /var/lib/hangar/kept
apt-get purge -y -qq 'hangar*'
getent passwd hangar
find / -xdev -iname '*hangar*' ! -path '/packages/*' ! -path '/proc/*' ! -path '/var/cache/*' |
  tee /tmp/left
test ! -s /tmp/left
"""


def _make_older(package: Path, folder: Path) -> None:
    """The same as of an earlier version."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN" / "control"
    [version] = re.findall(r"^Version: (.*)$", control.read_text(), re.MULTILINE)
    control.write_text(control.read_text().replace(version, _OLDER))
    name = package.name.replace(version, _OLDER)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, folder / name], check=True)
    shutil.rmtree(tree)


def _run(root: Path, what: str, script: str) -> None:
    print(f"{what}: {script.strip()}", flush=True)
    # The network is that of this machine, where others may run.
    settings = "export DEBIAN_FRONTEND=noninteractive HANGAR_ADMIN_LISTEN=127.0.0.1:0"
    if status := run_inside(root, f"{settings}\ncd {_FOLDER}\n{script}"):
        raise SystemExit(f"{what}: exit status {status}")


def main() -> int:
    if os.geteuid() != 0:
        return not_run("a root of Debian is made and entered by root alone")
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    with temporary_folder("installed") as folder:
        root = folder / "root"
        with locked(release):
            subprocess.run(["cp", "-a", debian_root(release), root], check=True)
        inside = root / _FOLDER.relative_to("/")
        (inside / "older").mkdir(parents=True)
        made = folder / "made"
        made.mkdir()
        for package in make_packages(made).values():
            shutil.copy(package, inside)
            _make_older(package, inside / "older")
        shutil.copy(ROOT / "etc" / "sample.jsonl", inside)
        _run(root, "prepare", _PREPARE)
        _run(root, "lintian", _LINTIAN)
        _run(root, "upgrade", _UPGRADE)
        _run(root, "paths", _PATHS)
        _run(root, "remove", _REMOVE)
        for command, _ in commands(PAGE):
            _run(root, "page", command)
    return 0


if __name__ == "__main__":
    sys.exit(main())
