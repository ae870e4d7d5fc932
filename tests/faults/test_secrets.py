"""No secret is in anything that Hangar says or stores, whatever fails."""

from __future__ import annotations

import concurrent.futures
import string
import subprocess
import unittest
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from support.flow_runs import stream_lines
from support.jetstream import JetStream
from support.program import flags, hangar, hangar_running
from support.servers import NatsServer, PostgresServer, free_port, wait_until
from support.surface import Surface
from support.temporary import temporary_folder
from support.tree import ROOT

# The slash has to be quoted in a URL; what is looked for is the word before it.
_WORDS = ("kerfuffle", "gobbledygook", "taradiddle")
_NATS, _POSTGRES, _WRONG = (f"{word}/1" for word in _WORDS)
# Two parts around every special character, and what readers of URLs stumble over.
_HEADS, _TAILS = ("kerfuffle", "gobbledygook"), ("taradiddle", "flibbertigibbet")
_SPECIAL = [
    *string.punctuation,
    " ",
    "%41",
    "@h/",
    "://",
    "@:1/",
    "?a=b@",
    "#@[",
    "\u00e4",
]
_PASSWORDS = [f"{_HEADS[i % 2]}{mark}{_TAILS[i % 2]}" for i, mark in enumerate(_SPECIAL)]
# Forms that Hangar does not take, or takes for another setting than was meant.
_NATS_SLIPS = (
    "us:{}@nowhere.invalid:1",
    "nats:/us:{}@nowhere.invalid:1",
    "nats//us:{}@nowhere.invalid:1",
    "wss://us:{}@nowhere.invalid:1",
)
_STORAGE_SLIPS = (
    "host=nowhere.invalid user=us password={}",
    "us:{}@nowhere.invalid/x",
    "postgresql+asyncpg//us:{}@nowhere.invalid/x",
    "postgresql:/us:{}@nowhere.invalid/x",
    "URL=postgresql://us:{}@nowhere.invalid/x",
)
_PATHS = ("/status", "/metrics", "/readyz?verbose", "/livez", "/config")
_SAMPLE = ROOT / "etc" / "sample.jsonl"


class Secrets(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("secrets"))
        self.log = self.folder / "hangar.log"
        self.nats = self.enterContext(
            NatsServer(
                settings="no_auth_user: anybody\n"
                "authorization { users: [ { user: anybody, password: any }, "
                f'{{ user: hangar, password: "{_NATS}" }} ] }}'
            )
        )
        self.postgres = self.enterContext(PostgresServer(fsync=False))
        self.postgres.psql(f"CREATE ROLE recorder SUPERUSER LOGIN PASSWORD '{_POSTGRES}'")
        access = self.postgres.data / "pg_hba.conf"
        access.write_text(f"host all recorder all scram-sha-256\n{access.read_text()}")
        self.postgres.psql("SELECT pg_reload_conf()")
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "storage.type": "postgres",
            "storage.create_tables": "true",
            "log.level": "trace",
        }
        self.outputs: list[tuple[str, str]] = []

    def secrets(self, nats: str, postgres: str) -> dict[str, str]:
        """Each in a form of its own: parts of a URL, a keyword string."""
        return {
            "HANGAR_NATS_URL": f"nats://hangar:{quote(nats, safe='')}@127.0.0.1:{self.nats.port}",
            "HANGAR_STORAGE_URL": f"host=127.0.0.1 port={self.postgres.port} dbname=postgres "
            f"user=recorder password='{postgres}'",
        }

    def other_forms(self, nats: str, postgres: str) -> dict[str, str]:
        password = self.folder / "password"
        password.write_text(nats + "\n")
        password.chmod(0o600)
        return {
            "HANGAR_NATS_URL": f"nats://127.0.0.1:{self.nats.port}",
            "HANGAR_NATS_USER": "hangar",
            "HANGAR_NATS_PASSWORD_FILE": str(password),
            "HANGAR_STORAGE_URL": f"postgresql+asyncpg://recorder:{quote(postgres, safe='')}"
            f"@127.0.0.1:{self.postgres.port}/postgres",
        }

    def collect(self, what: str, process: subprocess.Popen[bytes]) -> None:
        """What a running host tells."""
        surface = Surface.of(process, self.folder / "data", self.log)
        for path in _PATHS:
            self.outputs.append((f"{path} {what}", surface.ask(path)[1]))
        for file in (self.folder / "data").rglob("*"):
            if file.is_file():
                self.outputs.append((f"{file.name} {what}", file.read_text(errors="replace")))

    def run_until(self, words: str, what: str, env: dict[str, str], *more: str) -> None:
        with hangar_running(*flags(self.settings), *more, log=self.log, env=env) as process:
            wait_until(
                lambda: words in self.log.read_text(), what=words, process=process, log=self.log
            )
            self.collect(what, process)
            process.terminate()
            process.wait(60)
        self.outputs.append((f"log {what}", self.log.read_text()))
        self.log.unlink()

    def command(self, env: dict[str, str], *words: str | Path) -> None:
        done = hangar(*words, *flags(self.settings), env=env)
        self.outputs.append((" ".join(map(str, words)), done.stdout + done.stderr))

    def test_no_secret_is_in_any_output_or_file(self) -> None:
        good = self.secrets(_NATS, _POSTGRES)
        with JetStream(self.nats.url) as stream:
            for forms in (self.secrets, self.other_forms):
                self.run_until(
                    "password authentication failed", "(no database)", forms(_NATS, _WRONG)
                )
                only = ("--only", "event_logger")
                self.run_until("uthorization", "(no broker)", forms(_WRONG, _POSTGRES), *only)
                self.command(forms(_WRONG, _WRONG), "dlq", "ls")
                env = forms(_NATS, _POSTGRES)
                for words in ("show", "show -o json", "check"):
                    self.command(env, "config", *words.split())
                self.run_until("ready: hangar", "(all there)", env)
            self.command(good, "publish", _SAMPLE)
            stream.publish("prefect.events.task-run", [b"{"])
            self.command(good, "run", "--until-drained")
            for words in ("ls -o json", "show 1 -o json", "export"):
                self.command(good, "dlq", *words.split())
            letters = list(stream.messages("HANGAR_DLQ"))
        self.assertEqual(len(letters), 1)
        self.outputs.append(("headers of a dead letter", str(letters[0].headers)))
        self.assertTrue(any("********" in text for _, text in self.outputs))
        found = [
            f"{word} in {name}" for name, text in self.outputs for word in _WORDS if word in text
        ]
        self.assertEqual(found, [])
        print(f"figure G8: secrets found in {len(self.outputs)} outputs = {len(found)}")

    def test_no_part_of_any_password_is_in_any_output(self) -> None:
        """In a URL, encoded there, and in a file; servers refuse, are absent or unknown."""
        port = free_port()
        places = {
            "refuses": (self.nats.port, self.postgres.port, "127.0.0.1"),
            "absent": (port, port, "127.0.0.1"),
            "unknown": (port, port, "nowhere.invalid"),
        }
        file = self.folder / "password"
        file.touch(0o600)
        known = self.folder / "hangar.yaml"
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            asked = []
            for number, password in enumerate(_PASSWORDS):
                place = tuple(places)[number % len(places)]
                nats, postgres, host = places[place]
                forms = (password, quote(password, safe=""), f"${{file:{file}-{number}}}")
                Path(f"{file}-{number}").write_text(password + "\r\n\n")
                form = forms[number // len(places) % len(forms)]
                settings = Path(f"{known}-{number}.yaml")
                user = f"recorder:{form}".replace("'", "''")
                # A list's elements are not parted at commas, a password's are.
                servers = (
                    f"nats://{user}@{host}:{nats}" if "," not in form else "nats://localhost:1"
                )
                settings.write_text(
                    f"nats: {{url: ['{servers}'], tls: {{insecure: true}}}}\n"
                    f"storage: {{type: postgres, url: "
                    f"'postgresql+asyncpg://{user}@{host}:{postgres}/postgres?ssl=disable'}}\n"
                    f"data_dir: {self.folder}/data-{number}\nlog: {{level: trace}}\n"
                    "drain_timeout: 1s\nadmin: {listen: '127.0.0.1:0'}\n"
                )
                asked.append(pool.submit(self.everything_said, number, settings, form))
            said = [text for future in asked for text in future.result()]
        found = [
            f"{part} in {name}: {text[max(0, text.find(part) - 200) :][:400]}"
            for name, text in said
            for part in (*_HEADS, *_TAILS)
            if part in text
        ]
        self.assertEqual(found, [])
        self.assertGreater(len(said), 4 * len(_PASSWORDS))
        print(f"figure G8: outputs without a part of 40 passwords = {len(said)}")

    def everything_said(self, number: int, settings: Path, form: str) -> list[tuple[str, str]]:
        said = []
        commands = [("config", "check"), ("config", "show"), ("config", "show", "-o", "json")]
        commands.append((("doctor",), ("dlq", "ls"), ("verify", "--all"))[number % 3])
        for words in commands:
            done = hangar(*words, "-c", settings)
            said.append((f"{' '.join(words)} of {form!r}", done.stdout + done.stderr))
        log = self.folder / f"log-{number}"
        # A host without its database does not ask for events yet.
        database = {"storage.type": "sqlite", "storage.url": ""}
        sign, other = ("NATS", database) if number % 2 else ("PostgreSQL: connect", {})
        with hangar_running("-c", settings, *flags(other), log=log) as process:
            surface = Surface.of(process, self.folder / f"data-{number}", log)
            wait_until(
                lambda: sign in log.read_text(),
                what=f"{sign} of {form!r}",
                process=process,
                log=log,
            )
            for path in _PATHS:
                said.append((f"{path} of {form!r}", surface.ask(path)[1]))
            process.kill()
            process.wait(60)
        said.append((f"log of {form!r}", log.read_text()))
        return said

    def test_password_that_is_replaced_needs_no_restart(self) -> None:
        url = self.folder / "url"
        url.touch(0o600)

        def give(password: str) -> None:
            newer = url.with_suffix(".new")
            newer.touch(0o600)
            newer.write_text(self.secrets(_NATS, password)["HANGAR_STORAGE_URL"])
            newer.rename(url)

        give(_POSTGRES)
        env = self.secrets(_NATS, _POSTGRES)
        del env["HANGAR_STORAGE_URL"]
        env["HANGAR_STORAGE_URL_FILE"] = str(url)
        lines = stream_lines(_SAMPLE.read_bytes())
        events = [line for line in lines if b'"event":"prefect.task-run' in line]
        with (
            JetStream(self.nats.url) as stream,
            hangar_running(*flags(self.settings), log=self.log, env=env) as process,
        ):
            surface = Surface.of(process, self.folder / "data", self.log)

            def wait(met: Callable[[], bool], what: str) -> None:
                wait_until(met, what=what, process=process, log=self.log)

            wait(lambda: surface.ask("/readyz")[0] == 200, "readiness")
            self.postgres.psql(f"ALTER ROLE recorder PASSWORD '{_WRONG}'")
            self.postgres.psql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'recorder'"
            )
            stream.publish("prefect.events.task-run", events)
            wait(lambda: "28P01" in surface.ask("/readyz?verbose")[1], "a refused password")
            self.assertEqual(surface.messages()["acked"], 0)
            give(_WRONG)
            wait(lambda: surface.messages()["acked"] == len(events), "every ack")
            self.assertEqual(surface.ask("/readyz")[0], 200)
        print(f"figure G8: events recorded after the password was replaced = {len(events)}")


class SlipsInUrls(unittest.TestCase):
    def test_no_part_of_a_password_is_told_of_a_url_in_another_form(self) -> None:
        folder = self.enterContext(temporary_folder("slips"))

        def said(number: int) -> list[tuple[str, str]]:
            password = _PASSWORDS[number]
            nats = _NATS_SLIPS[number % len(_NATS_SLIPS)].format(password)
            storage = _STORAGE_SLIPS[number % len(_STORAGE_SLIPS)].format(password)
            env = {"HANGAR_NATS_URL": nats, "HANGAR_STORAGE_URL": storage}
            env["HANGAR_DATA_DIR"] = str(folder / str(number))
            texts = []
            for words in (
                ("config", "show"),
                ("config", "show", "-o", "json"),
                ("config", "check"),
                ("doctor",),
                ("run", "--until-drained", "--set", "log.level=trace"),
            ):
                done = hangar(*words, env=env)
                name = f"{' '.join(words)} of {nats!r}, {storage!r}"
                texts.append((name, done.stdout + done.stderr))
                if words[1:] != ("show",) and "json" not in words:
                    self.assertNotEqual(done.returncode, 0, name)
            return texts

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            told = [text for texts in pool.map(said, range(len(_PASSWORDS))) for text in texts]
        parts = (*_HEADS, *_TAILS)
        found = [(name, text) for name, text in told if any(part in text for part in parts)]
        self.assertEqual(found, [])
        print(f"figure G8: outputs without a part of a password in a mistyped URL = {len(told)}")


if __name__ == "__main__":
    unittest.main()
