"""What opens things as its context begins and closes them as it ends."""

from __future__ import annotations

import abc
import contextlib
from types import TracebackType
from typing import Self


class Owner(abc.ABC):
    """As a context it opens what it needs, and closes all of it at the end, the last first.

    When something cannot be opened, what was open before is closed at once.
    """

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            self._open(opened)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    @abc.abstractmethod
    def _open(self, opened: contextlib.ExitStack) -> None:
        """Opens each thing, and lets `opened` close it."""
