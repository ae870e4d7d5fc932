"""Real Prefect servers on JetStream: the same flows, written down by Prefect and by Hangar."""

from __future__ import annotations

import unittest
import urllib.request
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from support.jetstream import JetStream
from support.prefect_installation import PrefectInstallation
from support.prefect_venv import create_prefect_database
from support.prefect_watching import Watching
from support.program import flags, hangar_running
from support.renamed_runs import plain_name, renamed
from support.servers import NatsServer, PostgresServer, wait_until

_FLOWS = Path(__file__).with_name("compared_flows.py")
_AT_ONCE, _OTHERS = 1000, 32
_TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
# Of each flow run or task, a few: all fit into what the server keeps for a slow reader.
_STREAMED = {
    "prefect.flow-run.Completed": 8,
    "prefect.task-run.TimedOut": 1,
    "prefect.task-run.Cached": 1,
    "prefect.automation.triggered": 1,
    "hangar.test.emitted": 1,
}
_PATIENCE = 600.0
# One event a transaction, Prefect's default, would take it a minute.
_IN_BATCHES = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "0.5",
}


class EndToEnd(unittest.TestCase):
    installation: ClassVar[PrefectInstallation]
    watching: ClassVar[Watching]
    forms: ClassVar[dict[str, Counter[str]]]
    automations: ClassVar[list[str]]
    nats: ClassVar[NatsServer]

    @classmethod
    def setUpClass(cls) -> None:
        cls.nats = cls.enterClassContext(NatsServer())
        postgres = cls.enterClassContext(PostgresServer())
        database = create_prefect_database(postgres, "prefect")
        installation = PrefectInstallation(cls.nats.url, database, settings=_IN_BATCHES)
        cls.installation = cls.enterClassContext(installation)
        cls.forms = {}

        installation.start_services(recorder=True)
        cls.run_flows("recorded-by-prefect")
        installation.stop_services()

        cls.automations = []
        for event in ("never", "hangar.test.emitted"):
            cls.automations.append(cls.automation(event))
        installation.start_services(recorder=False, persister=False)
        cls.watching = cls.enterClassContext(Watching(installation.api, [*_STREAMED]))
        settings = {
            "data_dir": installation.folder / "hangar",
            "nats.url": cls.nats.url,
            "storage.type": "postgres",
            "storage.url": database,
            "services.event_persister.enabled": "true",
        }
        log = installation.folder / "hangar.log"
        cls.enterClassContext(hangar_running(*flags(settings), log=log))
        cls.run_flows("recorded-by-hangar")

    @classmethod
    def run_flows(cls, tag: str) -> None:
        """Runs them all; keeps what the API says of their task runs in the end."""
        cls.installation.run(_FLOWS, tag, str(_AT_ONCE))
        found: list[dict[str, Any]] = []

        def final() -> bool:
            found[:] = cls.installation.runs("task_runs", tag)
            states = Counter(run["state_type"] for run in found)
            return sum(states[each] for each in _TERMINAL) >= _OTHERS + _AT_ONCE

        wait_until(final, what=f"the task runs {tag}", within=_PATIENCE)
        few = [run for run in found if plain_name(run) != "awaited"]
        histories = [
            cls.installation.ask(f"task_run_states/?task_run_id={run['id']}") for run in few
        ]
        flow_runs = cls.installation.runs("flow_runs", tag)
        cls.forms[tag] = renamed(tag, flow_runs, found, histories)

    @classmethod
    def automation(cls, event: str) -> str:
        """Pauses the automation that was made before it, if any, when the event comes."""
        trigger = {"type": "event", "posture": "Reactive", "threshold": 1, "within": 0}
        actions: list[dict[str, str]] = [{"type": "do-nothing"}]
        if cls.automations:
            paused = {"source": "selected", "automation_id": cls.automations[-1]}
            actions = [{"type": "pause-automation", **paused}]
        body = {"name": event, "trigger": {**trigger, "expect": [event]}, "actions": actions}
        return str(cls.installation.ask("automations/", body)["id"])

    def test_the_task_runs_are_those_of_prefects_recorder_but_for_ids_and_times(self) -> None:
        theirs, ours = self.forms["recorded-by-prefect"], self.forms["recorded-by-hangar"]
        self.assertEqual(theirs - ours, Counter(), f"Hangar has instead: {ours - theirs}")
        self.assertEqual(ours - theirs, Counter())
        runs = self.installation.runs("task_runs", "recorded-by-hangar")
        self.assertEqual(len(runs), _AT_ONCE + _OTHERS)

    def test_each_way_to_end_is_recorded_with_its_states(self) -> None:
        runs = self.installation.runs("task_runs", "recorded-by-hangar")
        names = Counter((plain_name(run), run["state_name"]) for run in runs)
        expected = {
            ("flaky", "Completed"): 1,
            ("hopeless", "Failed"): 1,
            ("remembered", "Completed"): 1,
            ("remembered", "Cached"): 1,
            ("slow", "TimedOut"): 1,
            ("total", "Completed"): 2,
            ("outer", "Completed"): 1,
            ("inner", "Completed"): 1,
            ("awaited", "Completed"): _AT_ONCE + 10,
        }
        self.assertEqual({name: names[name] for name in expected}, expected)
        [flaky] = [run["id"] for run in runs if plain_name(run) == "flaky"]
        history = self.installation.ask(f"task_run_states/?task_run_id={flaky}")
        history.sort(key=lambda state: state["timestamp"])
        self.assertEqual(
            [state["name"] for state in history],
            ["Pending", "Running", *("AwaitingRetry", "Retrying") * 2, "Completed"],
        )

    def test_an_automation_fires(self) -> None:
        paused, pausing = self.automations

        def fired() -> bool:
            return not self.installation.ask(f"automations/{paused}")["enabled"]

        wait_until(fired, what="the automation", within=_PATIENCE)
        self.assertTrue(self.installation.ask(f"automations/{pausing}")["enabled"])

    def test_the_event_stream_of_the_ui_shows_what_happens(self) -> None:
        seen = self.watching.events
        wait_until(
            lambda: all(seen[name] >= count for name, count in _STREAMED.items()),
            what="events on the websocket",
            within=_PATIENCE,
        )
        self.assertEqual(seen["hangar.test.emitted"], 1)

    def test_logs_are_stored_and_streamed(self) -> None:
        message = "said within a flow"
        wait_until(lambda: self.watching.logs[message] == 1, what="the log", within=_PATIENCE)
        warnings = self.installation.ask("logs/filter", {"logs": {"level": {"ge_": 30}}})
        stored = Counter(log["message"] for log in warnings)
        self.assertEqual(stored[message], 2)

    def test_the_feed_has_what_prefects_persister_stored_and_then_hangars(self) -> None:
        wait_until(
            lambda: self.feed(event={"name": ["hangar.test.emitted"]}) == 2,
            what="the events",
            within=_PATIENCE,
        )
        counted = self.installation.ask("events/count-by/event", {"filter": {}})
        counts = {one["value"]: one["count"] for one in counted}
        self.assertEqual(counts["hangar.test.emitted"], 2)
        self.assertEqual(counts["prefect.flow-run.Completed"], 16)

    def test_the_feed_has_what_an_automation_did(self) -> None:
        pausing = f"prefect.automation.{self.automations[-1]}"
        for event in ("triggered", "action.triggered", "action.executed"):
            chosen = {
                "event": {"name": [f"prefect.automation.{event}"]},
                "any_resource": {"id": [pausing]},
            }
            with self.subTest(event=event):
                wait_until(partial(self.is_told_once, chosen), what=event, within=_PATIENCE)

    def is_told_once(self, chosen: dict[str, Any]) -> bool:
        return self.feed(**chosen) == 1

    def feed(self, **chosen: Any) -> int:
        """How many events the UI's feed has of those."""
        return int(self.installation.ask("events/filter", {"filter": chosen})["total"])

    def test_everything_is_acknowledged_and_nothing_is_a_dead_letter(self) -> None:
        with JetStream(self.nats.url) as jetstream:

            def at_rest() -> bool:
                groups = jetstream.request("CONSUMER.LIST.PREFECT_EVENTS")["consumers"]
                durable = [each for each in groups if "durable_name" in each["config"]]
                left = sum(each["num_pending"] + each["num_ack_pending"] for each in durable)
                return len(durable) >= 3 and left == 0

            wait_until(at_rest, what="all groups", within=_PATIENCE)
            for stream in {"HANGAR_DLQ", "PREFECT_DLQ"} & set(jetstream.streams()):
                self.assertEqual(list(jetstream.messages(stream)), [])

    def test_the_server_has_its_ui(self) -> None:
        root = self.installation.api.removesuffix("/api")
        with urllib.request.urlopen(root, timeout=60) as answer:
            page = answer.read().decode()
        self.assertIn("<title>Prefect Server</title>", page)


if __name__ == "__main__":
    unittest.main()
