"""Narrow and wide decided without a server: the states of a durable, and worlds full of faults."""

import os
import random
import unittest
from collections.abc import Iterator
from typing import Any

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect_nats.narrowing import FRESH, QUIET, Durable, Missed, Narrow, Narrowing, Widen

_WORLDS = 20_000 if os.environ.get("HANGAR_TEST_LONG") else 300
_SUBJECTS = ("prefect.events.other", "prefect.events.>")
_WHY = "an automation can match them"


def _durable(floor: int = 0, **config: Any) -> Durable | None:
    return Durable.of({"config": config, "ack_floor": {"stream_seq": floor}}, *_SUBJECTS)


class Described(unittest.TestCase):
    def test_what_is_noted_is_read_again(self) -> None:
        narrow: dict[str, Any] = {"filter_subject": _SUBJECTS[0]}
        wide: dict[str, Any] = {}
        for change, filtered, expected in (
            (Narrow(7), narrow, Durable(True, 3, known=7)),
            (Widen(Missed(8)), wide, Durable(False, 3, missed=Missed(8))),
            (Widen(Missed(8, 9)), wide, Durable(False, 3, missed=Missed(8, 9))),
            (Widen(None), wide, Durable(False, 3)),
        ):
            self.assertEqual(_durable(3, description=str(change), **filtered), expected)

    def test_a_filter_of_somebody_else_is_left_alone(self) -> None:
        self.assertIsNone(_durable(filter_subject="prefect.events.task-run"))
        self.assertIsNone(_durable(filter_subjects=list(_SUBJECTS)))
        self.assertEqual(_durable(filter_subject=_SUBJECTS[1]), Durable(False, 0))

    def test_a_narrow_one_without_a_note_was_needed_by_nothing_up_to_its_last_ack(self) -> None:
        narrow = _durable(5, filter_subject=_SUBJECTS[0], description="mine")
        self.assertEqual(narrow, Durable(True, 5, known=5))


class Decided(unittest.TestCase):
    def setUp(self) -> None:
        self.narrowing = Narrowing()

    def test_it_is_narrowed_after_a_minute_without_need(self) -> None:
        wide = Durable(False, floor=100)
        self.assertIsNone(self.narrowing.step(0, wide, 90, None))
        self.assertIsNone(self.narrowing.step(QUIET - 1, wide, 95, None))
        self.assertEqual(self.narrowing.step(QUIET, wide, 99, None), Narrow(99))

    def test_the_minute_begins_anew_with_every_need(self) -> None:
        wide = Durable(False, floor=100)
        for now, why in ((0, None), (QUIET - 1, _WHY), (QUIET, None), (2 * QUIET - 1, None)):
            self.assertIsNone(self.narrowing.step(now, wide, 90, why), now)
        self.assertEqual(self.narrowing.step(2 * QUIET, wide, 90, None), Narrow(90))

    def test_what_was_stored_before_the_need_ended_is_handled_first_and_later_backlog_not(
        self,
    ) -> None:
        for now, last in ((0, 80), (1, 90), (2, 400)):
            self.narrowing.step(now, Durable(False, floor=10), last, None)
        for floor, expected in ((89, None), (90, Narrow(500))):
            late = Durable(False, floor=floor)
            self.assertEqual(self.narrowing.step(QUIET, late, 500, None), expected)

    def test_it_is_widened_at_once_from_where_it_last_knew_of_no_need(self) -> None:
        narrow = Durable(True, 10, known=20)
        self.assertEqual(self.narrowing.step(0, narrow, 25, None), Narrow(25))
        self.assertIsNone(self.narrowing.step(1, narrow, 30, None), "a note every ten seconds")
        self.assertEqual(self.narrowing.step(2, narrow, 40, _WHY), Widen(Missed(31)))
        self.assertEqual(self.narrowing.widened(2, Missed(31), 41), Widen(Missed(31, 41)))
        self.assertEqual(self.narrowing.missed, Missed(31, 41))
        self.narrowing.read_apart(41)
        self.assertTrue(self.narrowing.done)
        left = Durable(False, 10, missed=Missed(42, 41))
        self.assertIsNone(self.narrowing.step(4, left, 50, _WHY), "the note stays for a while")
        self.assertEqual(self.narrowing.step(6, left, 50, _WHY), Widen(None))

    def test_one_left_narrow_is_widened_from_its_note(self) -> None:
        left = Durable(True, 10, known=20)
        self.assertEqual(self.narrowing.step(0, left, 99, _WHY, begins=True), Widen(Missed(21)))

    def test_what_another_left_unread_is_taken_over_when_it_does_not_come_on(self) -> None:
        for begins, times in ((True, (0.0,)), (False, (0.0, 9.0, 10.0))):
            narrowing = Narrowing()
            left = Durable(False, 10, missed=Missed(21, 30))
            for now in times[:-1]:
                self.assertIsNone(narrowing.step(now, left, 99, _WHY))
            narrowing.step(times[-1], left, 99, _WHY, begins=begins)
            self.assertEqual(narrowing.missed, Missed(21, 30))

    def test_a_stream_that_began_anew_is_known_of_nothing(self) -> None:
        self.narrowing.step(0, Durable(True, 10, known=20), 500, None)
        anew = Durable(True, 0, known=0)
        self.assertEqual(self.narrowing.step(1, anew, 5, _WHY), Widen(Missed(1)))


class World:
    """A stream, its durable, a database and processes that may die between any two steps."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self.events: list[bool] = []  # whether each is of a task run
        self.needed: list[bool] = []  # whether an automation had been committed by then
        self.need = self.random.random() < 0.5
        self.since = 0.0
        self.handled: set[int] = set()
        self.config: dict[str, Any] = {}
        self.position = 1
        self.held: set[int] = set()
        self.on_its_way: list[tuple[float, Narrow]] = []
        self.processes = [Process(self) for _ in range(self.random.choice((1, 1, 2, 3)))]

    @property
    def last(self) -> int:
        return len(self.events)

    @property
    def floor(self) -> int:
        return min(self.held, default=self.position) - 1

    def durable(self) -> Durable:
        found = _durable(self.floor, **self.config)
        assert found
        return found

    def send(self, change: Narrow | Widen) -> None:
        """One that narrows may be late, and its process may have died."""
        if isinstance(change, Narrow) and self.random.random() < 0.5:
            self.on_its_way.append((self.now + self.random.random(), change))
        else:
            self.put(change)

    def put(self, change: Narrow | Widen) -> None:
        filtered = {"filter_subject": _SUBJECTS[0]} if isinstance(change, Narrow) else {}
        self.config = {"description": str(change), **filtered}

    def store(self) -> None:
        self.events.append(self.random.random() < 0.8)
        self.needed.append(self.need)

    def deliver(self) -> int | None:
        """What the durable is given next; where nothing is left the server may skip to the end."""
        narrow = "filter_subject" in self.config
        for sequence in range(self.position, self.last + 1):
            if not (narrow and self.events[sequence - 1]):
                self.position = sequence + 1
                return sequence
        if self.random.random() < 0.5:
            self.position = self.last + 1
        return None

    def commit(self) -> None:
        """An automation comes or goes; no need is shorter than what a look can see."""
        if not self.need or self.now > self.since + 2 * QUIET:
            self.need, self.since = not self.need, self.now

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.pass_by(self.random.choice((0.001, 0.01, 0.05)))
            if self.random.random() < 0.05:  # nobody can do anything in this time
                self.pass_by(self.random.choice((5, 20)))
            chance = self.random.random()
            if chance < 0.3:
                self.store()
            elif chance < 0.305:
                self.commit()
            else:
                self.random.choice(self.processes).go_on()
                if self.random.random() < 0.004:
                    self.processes[self.random.randrange(len(self.processes))] = Process(self)
                    for sequence in list(self.held):  # what it held comes again
                        self.held.discard(sequence)
                        self.position = min(self.position, sequence)

    def pass_by(self, time: float) -> None:
        self.now += time
        for due, change in self.on_its_way:
            if due <= self.now:
                self.put(change)
        self.on_its_way = [each for each in self.on_its_way if each[0] > self.now]

    def settle(self) -> None:
        for _ in range(60):
            self.pass_by(5)
            for process in self.processes:
                for _ in range(20):
                    process.go_on()


class Process:
    """One that reads the durable and steers it, a request at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.narrowing = Narrowing()
        self.steering = self.steer()
        self.began = False

    def go_on(self) -> None:
        if not self.began or self.world.random.random() < 0.4:
            next(self.steering)
            return
        if self.narrowing.missed and not self.narrowing.done:
            self.read_apart(self.narrowing.missed)
            return
        sequence = self.world.deliver()
        if sequence is not None:
            self.world.held.add(sequence)
            if self.world.random.random() < 0.95:  # else it comes again
                self.world.handled.add(sequence)
            else:
                self.world.position = min(self.world.position, sequence)
            self.world.held.discard(sequence)

    def read_apart(self, missed: Missed) -> None:
        first = missed.first
        if first <= self.world.last and self.world.events[first - 1]:
            self.world.handled.add(first)
        self.narrowing.read_apart(first)

    def steer(self) -> Iterator[None]:
        world = self.world
        while True:
            began, durable = world.now, world.durable()
            yield
            last = world.last
            yield
            why = _WHY if world.need or world.random.random() < 0.01 else None
            yield
            change = self.narrowing.step(world.now, durable, last, why, not self.began)
            widens = durable.narrow and isinstance(change, Widen)
            if change and (widens or world.now <= began + FRESH):
                world.send(change)
                yield
            if widens and isinstance(change, Widen) and change.missed:
                note = self.narrowing.widened(world.now, change.missed, world.last)
                yield
                world.send(note)
                yield
                self.narrowing.widened(world.now, change.missed, world.last)
            self.began = True
            yield


class Worlds(unittest.TestCase):
    def test_whatever_dies_when_no_event_is_missed_that_an_automation_needed(self) -> None:
        narrowed = skipped = 0
        for seed in range(_WORLDS):
            world = World(seed)
            for _ in range(10):
                world.run(150)
                narrowed += "filter_subject" in world.config
            world.settle()
            every = {n for n, task_run in enumerate(world.events, 1) if task_run}
            needed = {n for n in every if world.needed[n - 1]}
            others = set(range(1, world.last + 1)) - every
            self.assertLessEqual(needed | others, world.handled, f"seed {seed}")
            skipped += len(every - world.handled)
        self.assertGreater(narrowed, _WORLDS // 3, "hardly ever narrow: the worlds show nothing")
        self.assertGreater(skipped, 5 * _WORLDS, "nothing is saved")


if __name__ == "__main__":
    unittest.main()
