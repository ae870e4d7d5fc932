"""`installed.py`: the Debian packages in a bare root of this machine's release.

lintian finds nothing in them; they are upgraded to, purged, and used as etc/docs/install.md says,
under a systemd of that root.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.booted_root import booted
from support.console import commands
from support.debian_root import debian_root, run_inside
from support.not_run import not_run
from support.packages import PAGE, make_packages
from support.prefect_venv import locked
from support.temporary import temporary_folder

_FOLDER = Path("/packages")
_OLDER = "0.0.1"

_PREPARE = """
apt-get update -qq
apt-get install -y -qq --no-install-recommends lintian zsh fish man-db systemd dbus
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
_WAIT = """
for try in $(seq 100); do
  runuser -u hangar -- hangar verify -c /etc/hangar/hangar.yaml --all >/tmp/said 2>&1
  if grep '^task_run_recorder: 283 ' /tmp/said; then exit; fi
  sleep 0.1
done
exit 1
"""
# A wrong file ends neither what runs nor, started again and again, what does not.
_OPERATE = """
refused() {
  if "$@" >/tmp/said 2>&1; then exit 1; fi
}
systemctl show -P StatusText hangar | grep '^running orders, task_run_recorder; '
# The filter of system calls lets it choose how its threads are scheduled.
chrt --pid --all-tasks "$(systemctl show -P MainPID hangar)" | grep SCHED_BATCH
systemctl reload hangar
sed -i 's/^data_dir:/data_dirr:/' /etc/hangar/hangar.yaml
refused systemctl reload hangar
systemctl is-active hangar
refused systemctl restart hangar
journalctl -u hangar -n 5 | grep "did you mean 'data_dir'"
test "$(systemctl show -P ExecMainStatus hangar)" = 78
test "$(systemctl show -P NRestarts hangar)" = 0
sed -i 's/^data_dirr:/data_dir:/' /etc/hangar/hangar.yaml
systemctl restart hangar
refused hangar doctor -c /etc/hangar/hangar.yaml
grep '/var/lib/hangar belongs to user hangar, .* run Hangar as that user' /tmp/said
systemctl stop hangar
test "$(systemctl show -P Result hangar)" = success
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
        _run(root, "prepare", _PREPARE)
        _run(root, "lintian", _LINTIAN)
        _run(root, "upgrade", _UPGRADE)
        _run(root, "paths", _PATHS)
        _run(root, "remove", _REMOVE)
        _follow(root, folder / "systemd.log")
    return 0


def _follow(root: Path, log: Path) -> None:
    """The page, on a machine of its own: what it installs is brought before."""
    page = list(commands(PAGE))
    words = ""
    for command, _ in page:
        if command.startswith("apt-get install"):
            # With what the page has installed by then.
            words += command.removeprefix("apt-get install")
            _run(root, "bring", f"apt-get install --download-only{words}")
    with booted(root, log) as run:

        def follow(what: str, script: str, said: Sequence[str] = ()) -> None:
            print(f"{what}: {script}", flush=True)
            status, printed = run(f"cd {_FOLDER}\n{script}")
            print(printed, flush=True)
            if status or any(line not in printed for line in said):
                raise SystemExit(f"{what}: exit status {status}, wanted: {said}")

        for command, said in page:
            follow("page", command, said)
            if command.startswith("runuser -u hangar -- hangar publish"):
                follow("wait", _WAIT)
        follow("operate", _OPERATE)


if __name__ == "__main__":
    sys.exit(main())
