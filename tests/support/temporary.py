"""Folders that are gone when the test is, also when the test was killed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "hangar-test-"
_LOCK = ".owner"


def _sweep(root: Path) -> None:
    """Removes folders of killed tests: the kernel has released their lock, nobody else has."""
    for folder in root.glob(_PREFIX + "*"):
        try:
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """A folder that another user may pass through but not list."""
    root = Path(tempfile.gettempdir())
    _sweep(root)
    # Locked under a name that the sweep of another process does not look at.
    made = Path(tempfile.mkdtemp(prefix="hangar-new-", dir=root))
    descriptor = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        made.chmod(0o711)
        folder = root / f"{_PREFIX}{name}-{made.name.rpartition('-')[2]}"
        made = made.rename(folder)
        yield folder
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(descriptor)
