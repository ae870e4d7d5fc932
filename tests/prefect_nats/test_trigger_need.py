"""Which automations can match events of task runs, and what the database says of them."""

import asyncio
import random
import unittest
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from unittest import mock

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

import sqlalchemy as sa
from prefect.server.events import triggers as loaded
from prefect.server.events.schemas.automations import ServerTriggerTypes
from prefect.server.events.schemas.events import ReceivedEvent, Resource
from pydantic import TypeAdapter, ValidationError

from prefect_nats.trigger_need import Automations, needs_task_runs
from support.automations import (
    FLOW_RUNS,
    TASK_RUNS,
    automation,
    execute,
    insert,
    prefect_sqlite,
    update,
    without_automations,
)

_EVENT = {key: value for key, value in FLOW_RUNS.items() if key != "expect"}
_PIECES = (
    *("prefect", ".", "task-run", "task", "-", "run", "Failed", "flow-run", "*", "?", "[p]", "!"),
    *("", "prefect.task-run", "p", "\n", "\\", "(", "^", "$", "|", ".+"),
)


def _trigger(trigger: dict[str, Any]) -> Any:
    return TypeAdapter(ServerTriggerTypes).validate_python(trigger)


def _compound(*children: dict[str, Any]) -> dict[str, Any]:
    return {"type": "compound", "require": "any", "within": 60, "triggers": list(children)}


def _sequence(*children: dict[str, Any]) -> dict[str, Any]:
    return {"type": "sequence", "within": 60, "triggers": list(children)}


class Needs(unittest.TestCase):
    def test_a_pattern_that_may_match_an_event_of_task_runs_needs_them(self) -> None:
        for pattern, expected in (
            ("prefect.task-run", True),
            ("prefect.task-run.Failed", True),
            ("prefect.task-run.*", True),
            ("prefect.task-runs and more", True),
            ("prefect.*", True),
            ("prefect.task*", True),
            ("*", True),
            ("", True),
            ("*.Failed", True),
            ("prefect.*.Failed", True),
            ("[p]refect.flow-run", True),
            ("prefect.flow?run", True),
            ("!prefect.flow-run", True),
            ("prefect.flow-run.*", False),
            ("prefect.flow-run.Failed", False),
            ("prefect.task-ran", False),
            ("external.event", False),
            ("external.*", False),
        ):
            for where in ("expect", "after"):
                trigger = {**FLOW_RUNS, "posture": "Proactive", "within": 60}
                trigger[where] = ["external.event", pattern]
                with self.subTest(pattern=pattern, where=where):
                    self.assertEqual(needs_task_runs(_trigger(trigger)), expected)

    def test_an_empty_expect_is_every_event(self) -> None:
        self.assertTrue(needs_task_runs(_trigger(_EVENT)))
        self.assertTrue(needs_task_runs(_trigger({**_EVENT, "after": ["prefect.flow-run.*"]})))

    def test_children_tell_however_deep_they_are(self) -> None:
        for outer in (_compound, _sequence):
            for inner in (_compound, _sequence):
                for child, expected in ((TASK_RUNS, True), (FLOW_RUNS, False)):
                    trigger = _trigger(outer(FLOW_RUNS, inner(FLOW_RUNS, child)))
                    self.assertEqual(needs_task_runs(trigger), expected)

    def test_a_kind_that_is_not_known_needs_them(self) -> None:
        class Other(type(_trigger(FLOW_RUNS))):  # type: ignore[misc]
            pass

        self.assertTrue(needs_task_runs(Other(**FLOW_RUNS)))

    def test_whatever_prefects_own_triggers_cover_is_needed(self) -> None:
        chosen = random.Random(17)
        covered = 0
        for _ in range(5_000):
            patterns = ["".join(chosen.choices(_PIECES, k=chosen.randint(0, 4))) for _ in range(3)]
            name = "prefect.task-run" + "".join(chosen.choices(_PIECES, k=chosen.randint(0, 2)))
            cut = chosen.randint(1, 3)
            trigger = _trigger({**_EVENT, "expect": patterns[:cut], "after": patterns[cut:]})
            event = ReceivedEvent(
                occurred=datetime.now(UTC),
                event=name,
                resource=Resource({"prefect.resource.id": "x"}),
                id=uuid.uuid4(),
            )
            covers = trigger.covers(event)
            if covers or trigger.expects(name) or trigger.starts_after(name):
                covered += 1
                self.assertTrue(needs_task_runs(trigger), (patterns, name))
        self.assertGreater(covered, 300, "hardly any pattern matches: this shows nothing")


class Database(unittest.IsolatedAsyncioTestCase):
    database: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls.database = prefect_sqlite(cls)

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)
        await without_automations(self, self.database)
        self.automations = Automations()

    async def assert_needed(self, expected: bool, why: str) -> None:
        self.assertEqual(await self.automations.need() is not None, expected, why)

    async def test_it_is_asked_and_not_remembered(self) -> None:
        one, two = automation("one", FLOW_RUNS), automation("two", TASK_RUNS)
        await self.assert_needed(False, "there is no automation")
        await insert(one)
        await self.assert_needed(False, "it is about flow runs")
        # An API server whose clock is slow writes an older time than the last that was seen.
        past = datetime.now(UTC) - timedelta(days=1)
        await insert(two, created=past, updated=past)
        await self.assert_needed(True, "it was inserted")
        await update(two, enabled=False)
        await self.assert_needed(False, "it was disabled")
        await update(two, enabled=True, updated=past)
        await self.assert_needed(True, "it was enabled")
        await update(two, trigger=one.trigger)
        await self.assert_needed(False, "it was changed")
        await update(two, trigger=two.trigger, updated=past - timedelta(days=1))
        await self.assert_needed(True, "it was changed back")
        await execute(sa.text("DELETE FROM automation WHERE name = 'two'"))
        await self.assert_needed(False, "it was deleted")

    async def test_what_prefect_has_still_loaded_counts_too(self) -> None:
        two = automation("two", TASK_RUNS)
        with mock.patch.dict(loaded.triggers, {two.trigger.id: two.trigger}):
            await self.assert_needed(True, "Prefect has it")
        await self.assert_needed(False, "Prefect has it no more")

    async def test_what_is_not_understood_raises(self) -> None:
        await insert(automation("one", FLOW_RUNS))
        for change in (
            "UPDATE automation SET trigger = '{\"type\": \"unheard-of\"}', updated = '2026-01-01'",
            "ALTER TABLE automation RENAME TO elsewhere",
        ):
            await execute(sa.text(change))
            with self.assertRaises((ValidationError, sa.exc.SQLAlchemyError), msg=change):
                await self.automations.need()
        await execute(sa.text("ALTER TABLE elsewhere RENAME TO automation"))


if __name__ == "__main__":
    unittest.main()
