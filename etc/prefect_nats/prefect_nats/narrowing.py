"""When a durable consumer is given events of task runs, and what it missed: decisions, no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

QUIET = 60.0
"""How long nothing has needed events of task runs before the consumer is narrowed."""

FRESH = 1.0
"""For how long after it looked a process may change the durable, but for widening a narrow one."""

_SETTLED = 3.0
_NOTE_EVERY = 10.0
_LEFT_OPEN = 10.0
_KNOWN = re.compile(r"prefect-nats: narrow, no automation needed task runs up to (\d+)")
_MISSED = re.compile(r"prefect-nats: wide, task runs are read apart from (\d+)(?: to (\d+))?")


@dataclass(frozen=True)
class Missed:
    """Events of task runs that a narrow consumer was not given, by their place in the stream.

    `last` is None where whoever widened the consumer ended before it could tell.
    """

    first: int
    last: int | None = None


@dataclass(frozen=True)
class Durable:
    """The consumer as the server tells it.

    Its description says what must outlive a process. Of a narrow one: `known`, up to where nothing
    needed events of task runs. Of a wide one: `missed`, those that are still to be read.
    """

    narrow: bool
    floor: int
    known: int = 0
    missed: Missed | None = None

    @classmethod
    def of(cls, info: Mapping[str, Any], narrow: str, wide: str) -> Durable | None:
        """From the server's answer; None when it has another filter, which is somebody's wish."""
        config, floor = info["config"], info["ack_floor"]["stream_seq"]
        text = config.get("description") or ""
        filter_subject = config.get("filter_subject") or wide
        if config.get("filter_subjects") or filter_subject not in (narrow, wide):
            return None
        if filter_subject == narrow:
            known = _KNOWN.fullmatch(text)
            # Without a note: what is acknowledged was needed by nothing a moment before.
            return cls(True, floor, known=int(known[1]) if known else floor)
        missed = None
        if found := _MISSED.fullmatch(text):
            missed = Missed(int(found[1]), int(found[2]) if found[2] else None)
        return cls(False, floor, missed=missed)


@dataclass(frozen=True)
class Narrow:
    """Gives the consumer no events of task runs, or notes that nothing needed those up to here."""

    known: int

    def __str__(self) -> str:
        return f"prefect-nats: narrow, no automation needed task runs up to {self.known}"


@dataclass(frozen=True)
class Widen:
    """Gives the consumer all events, and notes which it has missed."""

    missed: Missed | None

    def __str__(self) -> str:
        if self.missed is None:
            return ""
        begin = f"prefect-nats: wide, task runs are read apart from {self.missed.first}"
        return begin if self.missed.last is None else f"{begin} to {self.missed.last}"


class Narrowing:
    """What one process knows, and what it does about the durable that it may share with others.

    The law: an event of task runs that is stored after an automation was committed that can match
    it is given to the triggers, whatever dies when. It rests on one statement, "no automation
    needed what is stored up to here", which is true for good once the database has said so after
    the stream had told its last sequence. Whoever widens the durable has what is stored after the
    greatest such place read apart; the description keeps that place, and then the work, until it is
    done. A server has no update that depends on what was there before, so one process could narrow
    what another has just widened, and the other widen it again without a look: so an update is sent
    soon after the look or not at all, and none follows one that widened for as long as that takes.
    """

    def __init__(self) -> None:
        self.missed: Missed | None = None
        """What this process is to read apart."""
        self._known = 0
        self._widened = 0.0
        self._noted = float("-inf")
        self._quiet: tuple[float, int | None] | None = None
        self._left: tuple[float, Missed | None] = (float("-inf"), None)

    def begin(self) -> None:
        """Begins anew with what the durable says, as after a disconnection."""
        self.missed = None
        self._left = (float("-inf"), None)

    def step(
        self, now: float, durable: Durable, last: int, why: str | None, begins: bool = False
    ) -> Narrow | Widen | None:
        """What to do, told the durable, then the stream's last sequence, then the database's need.

        Asked in this order, or the answer is wrong.
        """
        if self._known > last:  # it is another stream of that name
            self._known = 0
        if durable.narrow:
            self._quiet = None
            known = max(durable.known if durable.known <= last else 0, self._known)
            if why:
                if self.missed and not self.done:  # another has narrowed it meanwhile
                    known = min(known, self.missed.first - 1)
                return Widen(Missed(known + 1))
            self._known = last
            return self._note(now, durable, last)
        if why or self._quiet is None:
            self._quiet = None if why else (now, None)
        elif self._quiet[1] is None:  # read after the need had ended, as the first was not
            self._quiet = (self._quiet[0], last)
        return self._apart(now, durable, last, begins) or self._narrow(now, durable, last)

    def widened(self, now: float, missed: Missed, last: int) -> Widen:
        """What to note after the durable was widened, and the stream's last sequence was asked."""
        self._widened = now
        self.missed = Missed(missed.first, last)
        return Widen(self.missed)

    def read_apart(self, floor: int) -> None:
        """All that was missed up to there has been handled."""
        if self.missed:
            self.missed = Missed(max(self.missed.first, floor + 1), self.missed.last)

    @property
    def done(self) -> bool:
        """Whether nothing is left to be read apart."""
        return self.missed is None or self.missed.first > (self.missed.last or 0)

    def _note(self, now: float, durable: Durable, last: int) -> Narrow | None:
        if last == durable.known or now < self._noted + _NOTE_EVERY:
            return None
        self._noted = now
        return Narrow(last)

    def _apart(self, now: float, durable: Durable, last: int, begins: bool) -> Widen | None:
        """Notes how far this process is; takes over from one that has not come on."""
        if self.missed:
            if now < self._widened + _SETTLED:
                return None
            if self.done:
                self.missed = None
            return Widen(self.missed) if self.missed != durable.missed else None
        if durable.missed is None:
            return None
        if durable.missed != self._left[1]:
            self._left = (now, durable.missed)
        if begins or now >= self._left[0] + _LEFT_OPEN:
            return self.widened(now, durable.missed, durable.missed.last or last)
        return None

    def _narrow(self, now: float, durable: Durable, last: int) -> Narrow | None:
        """Narrow when what was stored before the need ended has been handled.

        By the last ack alone: what a widened durable says of pending messages is wrong (2.15.2).
        """
        if self._quiet is None or self.missed or durable.missed:
            return None
        since, place = self._quiet
        if place is None or now < since + QUIET or durable.floor < place:
            return None
        self._quiet = None  # an update that fails is not tried again at once
        self._known, self._noted = last, now
        return Narrow(last)
