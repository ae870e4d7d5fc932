"""A nats-server that dies, and a consumer that is deleted: nothing is lost, nothing is doubled."""

import unittest

from faults.ledger import DURABLE, STREAM, Ledger
from support.jetstream import JetStream


class Broker(Ledger):
    def test_server_killed_again_and_again(self) -> None:
        self.use_sqlite()
        with self.recording() as process:
            self.disturb(process, self.nats.restart)
            self.end_of(process)
        self.expect_all_recorded()

    def test_consumer_deleted_while_it_is_read(self) -> None:
        self.use_sqlite()
        with self.recording() as process:
            self.wait_for_progress(process)
            with JetStream(self.nats.url) as stream:
                stream.request(f"CONSUMER.DELETE.{STREAM}.{DURABLE}")
            self.end_of(process)
        self.expect_all_recorded()


if __name__ == "__main__":
    unittest.main()
