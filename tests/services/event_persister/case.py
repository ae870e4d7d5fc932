"""What tests of the event persister begin with: a server, its stream, an event, settings."""

from __future__ import annotations

import datetime
import json
import unittest
import uuid
from typing import Any

from support.jetstream import JetStream
from support.servers import NatsServer
from support.temporary import temporary_folder

SUBJECT = "prefect.events.other"


def event_message(name: str, occurred: datetime.datetime, **members: Any) -> bytes:
    """One with two resources."""
    content = {
        "occurred": occurred.isoformat(),
        "event": name,
        "resource": {"prefect.resource.id": "my.thing"},
        "related": [{"prefect.resource.id": "a.tag", "prefect.resource.role": "tag"}],
        "payload": {},
        "id": str(uuid.uuid4()),
        **members,
    }
    return json.dumps(content).encode()


class PersisterCase(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("persister"))
        self.nats = self.enterContext(NatsServer())
        self.stream = self.enterContext(JetStream(self.nats.url))
        self.stream.request(
            "STREAM.CREATE.PREFECT_EVENTS",
            name="PREFECT_EVENTS",
            subjects=["prefect.events.>"],
            discard="new",
        )
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "nats.url": self.nats.url,
            "services.task_run_recorder.enabled": "false",
            "services.event_persister.enabled": "true",
        }
