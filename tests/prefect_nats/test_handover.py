"""Hangar's recorder and a Prefect consumer of the same group: each goes on where the other was."""

import asyncio
import json
import unittest
from collections.abc import Sequence

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.server.utilities.messaging import create_consumer, create_publisher

from support.broker_case import BrokerCase
from support.flow_runs import stream_lines
from support.program import flags, hangar
from support.temporary import temporary_folder
from support.tree import ROOT

_CAPTURE = ROOT / "tests" / "golden" / "capture.jsonl"
_BEGINNING, _END = 10, 5


class Handover(BrokerCase):
    async def publish(self, events: Sequence[bytes]) -> None:
        async with create_publisher("events", deduplicate_by="id") as publisher:
            for data in events:
                event = json.loads(data)
                await publisher.publish_data(data, {"id": event["id"], "event": event["event"]})

    async def hangar(self) -> str:
        """What Hangar says while it records what there is."""
        folder = self.enterContext(temporary_folder("handover"))
        settings = {
            "nats.url": self.server.url,
            "data_dir": folder,
            "storage.url": folder / "hangar.sqlite",
            "storage.create_tables": "true",
        }
        done = await asyncio.to_thread(hangar, "run", "--until-drained", *flags(settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout + done.stderr

    async def test_each_goes_on_where_the_other_stopped(self) -> None:
        self.topic = "events"
        events = [
            line
            for line in stream_lines(_CAPTURE.read_bytes())
            if json.loads(line)["event"].startswith("prefect.task-run")
        ]
        await self.publish(events[:-_END])
        prefect = create_consumer("events", group="task-run-recorder")
        began = await self.handled(prefect, _BEGINNING)
        self.assertEqual(began.data, events[:_BEGINNING])
        made = self.state("task-run-recorder")

        said = await self.hangar()
        self.assertNotIn("to change it:", said, "Hangar finds fault with the stream or consumer")
        now = self.state("task-run-recorder")
        self.assertEqual(now["created"], made["created"])
        self.assertEqual(now["delivered"]["consumer_seq"], len(events) - _END)

        await self.publish(events[-_END:])
        ended = await self.handled(prefect, _END)
        self.assertEqual(ended.data, events[-_END:])
        await self.assert_all_handled("task-run-recorder")


if __name__ == "__main__":
    unittest.main()
