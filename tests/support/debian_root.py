"""A bare Debian in a folder, made by debootstrap and kept in the test cache; root alone can."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from support.prefect_venv import cache_folder

# A process group with mounts of its own: all of it is gone when this test is.
_ENTER = """
root=$1; shift
mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp" && mount -t tmpfs tmpfs "$root/run"
exec chroot "$root" "$@"
"""


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def mirror() -> str:
    """The one that this machine takes Debian's packages from."""
    form = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"
    for target in _output("apt-get", "indextargets", "--format", form).splitlines():
        *kind, uri = target.split("|")
        if kind == ["Debian", "Debian", "main"]:
            return uri
    raise RuntimeError("no source of Debian's main packages is configured for apt")


def debian_root(release: str) -> Path:
    """Made when it is not there; for who holds the lock of that name in the cache."""
    root = cache_folder() / release
    made = root / "made"
    if not made.exists():
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(
            [
                "debootstrap",
                "--variant=minbase",
                "--include=ca-certificates",
                release,
                root,
                mirror(),
            ],
            check=True,
        )
        made.touch()
    _bring_settings(root)
    return root


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


def root_environment() -> dict[str, str]:
    """What a program of a root sees: of this machine the proxies alone."""
    passed = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    own = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
    return {**passed, **own}


def run_inside(root: Path, *command: str) -> int:
    """The exit status of a script of sh and its arguments."""
    own = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
    words = (*own, "sh", "-euc", _ENTER, "sh", str(root), "sh", "-euc", *command)
    return subprocess.run(words, env=root_environment(), check=False).returncode
