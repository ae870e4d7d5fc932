"""etc/docs/permissions.md is enough for each command, and each line of it is needed and named.

The page is the only source: its blocks become the users of one server and the roles of another.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import unittest
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from support.jetstream import JetStream, StoredMessage
from support.permissions import EVENTS, STREAM, SUBJECT, block, ended
from support.program import flags
from support.servers import NatsServer
from support.temporary import temporary_folder

_DURABLE = "events-task-run-recorder"
_OTHER = b'{"id":"7b1c6c4e-0000-4000-8000-000000000001","event":"prefect.flow-run.Completed"}'
_LINE = re.compile(r'^ +"(?P<subject>[^"]+)"(?: +# (?P<note>.*))?$')


@cache
def _subjects(name: str) -> dict[str, str]:
    """What a block lets its user publish, with the comment of each line."""
    found = [match for line in block("nats", name) if (match := _LINE.match(line))]
    return {match["subject"]: match["note"] or "" for match in found}


@dataclass(frozen=True)
class Command:
    """One command as one user of one account; `without` is what its page's block has more."""

    words: tuple[str, ...]
    blocks: tuple[str, ...]
    state: str
    without: str = ""

    def permissions(self) -> str:
        lines = [line for name in self.blocks for line in block("nats", name)]
        subjects = [match["subject"] for line in lines if (match := _LINE.match(line))]
        allowed = [f'"{subject}"' for subject in subjects if subject != self.without]
        # An empty list would allow everything.
        publish = f"allow: [{', '.join(allowed)}]" if allowed else 'deny: ">"'
        [subscribe] = [line for line in lines if line.startswith("subscribe:")]
        if subscribe == self.without:
            subscribe = 'subscribe: { deny: ">" }'
        return f"publish: {{ {publish} }}, {subscribe}"

    def names_it(self) -> re.Pattern[str]:
        if self.without.startswith("subscribe:"):
            return re.compile(r'Subscription to "_INBOX\..*let this user subscribe there')
        subject = re.escape(self.without).replace(r"\*", r"[^.\"]+").replace(">", '[^"]+')
        return re.compile(rf'Violation for Publish to "{subject}".*let this user publish there')


def _commands(server: tuple[int, int]) -> Iterator[Command]:
    """Each command with all of its blocks, then without each line of the last one.

    A line may say that it is for servers before a release.
    """
    replay = ("replay", "--since", "2020-01-01T00:00:00Z")
    table: list[tuple[tuple[str, ...], tuple[str, ...], str]] = [
        (("run", "--until-drained"), ("run",), "there"),
        (("run", "--until-drained"), ("run", "run-setup"), "nothing"),
        (("publish", "events"), ("publish",), "there"),
        (("dlq", "ls"), ("dlq-ls",), "recorded"),
        (("dlq", "show", "1"), ("dlq-show",), "recorded"),
        (("dlq", "export"), ("dlq-export",), "recorded"),
        (("dlq", "replay"), ("dlq-replay",), "letters"),
        (("dlq", "purge", "--yes"), ("dlq-purge",), "letters"),
        (("dlq", "force", "--yes"), ("dlq-force",), "recorded"),
        (replay, ("replay",), "recorded"),
        (("verify", "--all"), ("verify",), "recorded"),
        (("doctor",), ("doctor",), "recorded"),
        (("doctor",), ("doctor", "doctor-setup"), "no letters"),
    ]
    special = {
        ("run", "$JS.API.STREAM.MSG.GET.HANGAR_DLQ"): "again",
        ("run", f"$JS.API.STREAM.MSG.GET.{STREAM}"): "held by another",
        ("replay", f"$JS.API.STREAM.MSG.GET.{STREAM}"): "begins later",
        ("run-setup", "$JS.API.STREAM.NAMES"): "elsewhere",
        ("run-setup", f"$JS.API.CONSUMER.DELETE.{STREAM}.{_DURABLE}"): "behind",
        ("publish", f"$JS.API.STREAM.CREATE.{STREAM}"): "nothing",
        ("publish", "$JS.API.INFO"): "nothing",
    }
    for words, blocks, state in table:
        yield Command(words, blocks, state)
        [*_, last] = blocks
        lines = [line for line in block("nats", last) if line.startswith("subscribe:")]
        for subject, note in _subjects(last).items():
            before = re.search(r"before (\d+)\.(\d+)", note)
            if before is None or server < (int(before[1]), int(before[2])):
                lines.append(subject)
        for line in lines:
            yield Command(words, blocks, special.get((last, line), state), line)


class Subjects(unittest.TestCase):
    """Each user has an account of its own, but those whose command changes nothing."""

    _SHARED = ("recorded",)

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("permissions"))
        (self.folder / "events").write_bytes(EVENTS[0] + b"\n" + _OTHER + b"\n")
        self.commands = list(_commands(self._release(NatsServer().binary)))
        accounts: dict[str, list[str]] = {}
        for number, command in enumerate(self.commands):
            user = f"{{ user: u{number}, password: p, permissions: {{ {command.permissions()} }} }}"
            accounts.setdefault(self._account(number), []).append(user)
        settings = "".join(
            f"{name} {{ jetstream: enabled, users: [ {{ user: {name}, password: p }}\n"
            + "\n".join(users)
            + "] }\n"
            for name, users in accounts.items()
        )
        self.server = self.enterContext(NatsServer(settings=f"accounts {{ {settings} }}"))
        self._prepare_shared(self._account(0, "recorded"))
        for number, command in enumerate(self.commands):
            if command.state == "behind":  # one at most, and none of newer servers
                self._lose_end(self._account(number))

    @staticmethod
    def _release(binary: str) -> tuple[int, int]:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
        [(major, minor)] = re.findall(r"v(\d+)\.(\d+)\.", said.stdout)
        return int(major), int(minor)

    def _account(self, number: int, state: str = "") -> str:
        state = state or self.commands[number].state
        return f"of_{state}" if state in self._SHARED else f"a{number}"

    def _settings(self, account: str, user: str) -> list[str]:
        return flags(
            {
                "data_dir": self.folder / account,
                "nats.url": self.server.url,
                "nats.user": user,
                "nats.password": "p",
                "nats.dlq_max_bytes": "1MiB",
                "admin.listen": "",
            }
        )

    def _as_all(self, account: str, *words: str) -> None:
        code, said = ended([*words, *self._settings(account, account)])
        self.assertEqual(code, 0, said)

    def _stream(self, account: str) -> JetStream:
        return JetStream(self.server.url.replace("//", f"//{account}:p@"))

    def _prepare_shared(self, account: str) -> None:
        self._prepare(account, "again")
        self._as_all(account, "run", "--until-drained")
        with self._stream(account) as stream:
            self.letter: StoredMessage = next(stream.messages("HANGAR_DLQ"))

    def _prepare(self, account: str, state: str) -> None:
        if state == "nothing":
            return
        with self._stream(account) as stream:
            if state == "elsewhere":
                stream.request("STREAM.CREATE.ELSEWHERE", name="ELSEWHERE", subjects=["prefect.>"])
                return
            subjects = ["prefect.events.>"]
            stream.request(f"STREAM.CREATE.{STREAM}", name=STREAM, subjects=subjects)
            if state != "no letters":
                stream.request(
                    "STREAM.CREATE.HANGAR_DLQ", name="HANGAR_DLQ", subjects=["hangar.dlq.>"],
                    max_bytes=1 << 20, discard="new", duplicate_window=86400 * 10**9,
                )  # fmt: skip
            if state == "letters":
                letter = self.letter
                stream.publish(letter.subject, [letter.data], letter.headers)
            stream.publish(SUBJECT, EVENTS)
            if state == "begins later":
                stream.request(f"STREAM.PURGE.{STREAM}", seq=2)
            self._consume(stream)
            if state == "held by another":  # somebody has an event and does not answer
                stream.request(f"CONSUMER.MSG.NEXT.{STREAM}.{_DURABLE}", batch=1)
        if state == "again":
            self._as_all(account, "run", "--until-drained")
            with self._stream(account) as stream:
                stream.request(f"CONSUMER.DELETE.{STREAM}.{_DURABLE}")
                self._consume(stream)

    def _lose_end(self, account: str) -> None:
        """The server loses the end of a stream that was recorded, as after a power cut."""
        self._prepare(account, "there")
        self.server.stop()
        [messages] = self.server.store.glob(f"**/{account}/streams/{STREAM}/msgs")
        copy = self.folder / "messages"
        shutil.copytree(messages, copy)
        self.server.start()
        with self._stream(account) as stream:
            stream.publish(SUBJECT, EVENTS)
        self._as_all(account, "run", "--until-drained")
        self.server.stop()
        shutil.rmtree(messages)
        shutil.copytree(copy, messages)
        self.server.start()

    @staticmethod
    def _consume(stream: JetStream) -> None:
        config: dict[str, object] = {
            "durable_name": _DURABLE,
            "ack_policy": "explicit",
            "deliver_policy": "all",
            "filter_subject": SUBJECT,
            "max_ack_pending": 20_000,
            "ack_wait": 12 * 10**9,  # more than it takes to look twice
        }
        call = f"CONSUMER.DURABLE.CREATE.{STREAM}.{_DURABLE}"
        stream.request(call, stream_name=STREAM, config=config)

    def _fault(self, number: int, command: Command) -> str:
        """What is not as it should be; empty when all is."""
        account = self._account(number)
        if account == f"a{number}" and command.state != "behind":
            self._prepare(account, command.state)
        words = [str(self.folder / word) if word == "events" else word for word in command.words]
        name = command.names_it() if command.without else None
        code, said = ended([*words, *self._settings(account, f"u{number}")], name)
        good = name.search(said) if name else code == 0 and "Violation" not in said
        what = f"{' '.join(command.words)} without {command.without or 'nothing'}"
        return "" if good else f"{what}: exit code {code}\n{said}"

    def test_each_command_needs_its_subjects_and_no_other_and_names_the_one_that_it_lacks(
        self,
    ) -> None:
        with ThreadPoolExecutor(4) as pool:
            faults = pool.map(self._fault, range(len(self.commands)), self.commands)
            found = [fault for fault in faults if fault]
        self.assertEqual(len(found), 0, "\n".join(found))


if __name__ == "__main__":
    unittest.main()
