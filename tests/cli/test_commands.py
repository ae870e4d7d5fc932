"""Commands that need no server: what they print, where to, and their exit codes."""

import json
import os
import re
import resource
import subprocess
import unittest
from pathlib import Path
from typing import Any

from support.program import environment, hangar, program
from support.temporary import temporary_folder
from support.tree import build_folder

_PLUGINS = build_folder() / "lib" / "hangar" / "plugins"
_RECORDER = "task_run_recorder"


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("cli"))
        self.data = ("--set", f"data_dir={self.folder / 'data'}")

    def file(self, text: str, name: str = "hangar.yaml") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path


class Listings(Case):
    def services(
        self, *arguments: str, env: dict[str, str] | None = None
    ) -> dict[str, dict[str, Any]]:
        done = hangar(*self.data, *arguments, "services", "ls", "-o", "json", env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {service["name"]: service for service in json.loads(done.stdout)}

    def test_services_are_listed_with_these_members(self) -> None:
        found = self.services()
        self.assertEqual(
            set(found), {_RECORDER, "event_gateway", "event_logger", "event_persister"}
        )
        for service in found.values():
            self.assertLessEqual(
                {"name", "enabled", "environment_variable", "description", "version", "state"},
                set(service),
            )
            self.assertEqual(service["state"], "stopped")
            self.assertEqual(
                service["environment_variable"],
                f"HANGAR_SERVICES_{service['name'].upper()}_ENABLED",
            )

    def test_the_recorder_is_on_and_the_others_off(self) -> None:
        enabled = [name for name, service in self.services().items() if service["enabled"]]
        self.assertEqual(enabled, [_RECORDER])

    def test_the_environment_switches_a_service(self) -> None:
        for value, enabled in (("true", True), ("1", True), ("on", True)):
            variable = self.services()["event_logger"]["environment_variable"]
            found = self.services(env={variable: value})
            self.assertIs(found["event_logger"]["enabled"], enabled, value)
        found = self.services(env={"HANGAR_SERVICES_TASK_RUN_RECORDER_ENABLED": "false"})
        self.assertIs(found[_RECORDER]["enabled"], False)

    def test_a_flag_wins_over_the_environment_and_that_over_a_file(self) -> None:
        file = str(self.file("services:\n  event_logger:\n    enabled: true\n"))
        off = {"HANGAR_SERVICES_EVENT_LOGGER_ENABLED": "false"}
        on = ("--set", "services.event_logger.enabled=true")
        self.assertIs(self.services("-c", file)["event_logger"]["enabled"], True)
        self.assertIs(self.services("-c", file, env=off)["event_logger"]["enabled"], False)
        self.assertIs(self.services("-c", file, *on, env=off)["event_logger"]["enabled"], True)

    def test_a_person_sees_a_table(self) -> None:
        lines = hangar(*self.data, "services", "ls").stdout.splitlines()
        self.assertRegex(lines[0], re.compile(r"name.*enabled.*state", re.IGNORECASE))
        self.assertEqual(len(lines), 1 + len(self.services()))

    def test_plugins_are_listed_and_a_refused_one_with_its_reason(self) -> None:
        done = hangar(*self.data, "plugins", "ls", "-o", "json")
        names = {plugin["name"] for plugin in json.loads(done.stdout)}
        self.assertLessEqual({_RECORDER, "event_logger", "sqlite", "postgres"}, names)

        self.file("this is no library", "broken.so")
        done = hangar(*self.data, "--set", f"plugins.path={self.folder}", "plugins", "ls")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("broken", done.stdout)

    def test_a_library_that_was_found_by_a_link_knows_its_plugins(self) -> None:
        """As /lib is one to /usr/lib."""
        link = self.folder / "lib"
        link.symlink_to(build_folder() / "lib")
        env = {"LD_LIBRARY_PATH": str(link)}
        found = json.loads(hangar(*self.data, "plugins", "ls", "-o", "json", env=env).stdout)
        self.assertIn(str(_PLUGINS / "sqlite.so"), [plugin["path"] for plugin in found])
        self.assertEqual([plugin["refusal"] for plugin in found if plugin["refusal"]], [])

    def test_a_file_is_inspected_wherever_it_is(self) -> None:
        tag = json.loads(hangar("version", "-o", "json").stdout)["build_tag"]
        for name, kind in ((_RECORDER, "service"), ("sqlite", "storage")):
            done = hangar("plugins", "inspect", _PLUGINS / f"{name}.so", "-o", "json")
            self.assertEqual(done.returncode, 0, done.stderr)
            said = json.loads(done.stdout)
            self.assertEqual((said["name"], said["kind"], said["build_tag"], said["refusal"]),
                             (name, kind, tag, ""))  # fmt: skip
        done = hangar("plugins", "inspect", self.file("this is no library", "broken.so"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, r"path: .*/broken\.so\nrefusal: .+")

    def test_the_version_is_one_line(self) -> None:
        done = hangar("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\A[^\n]*\d+\.\d+\.\d+[^\n]*\n\Z")


class Usage(Case):
    def test_help_shows_examples_and_is_data(self) -> None:
        done = hangar("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Examples:", done.stdout)

    def test_what_is_not_understood_is_a_usage_error_on_stderr(self) -> None:
        for arguments in (
            (),
            ("fly",),
            ("run", "--fast"),
            ("services",),
            ("services", "ls", "-o", "xml"),
            ("publish",),
        ):
            with self.subTest(arguments=arguments):
                done = hangar(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertTrue(done.stderr)

    def test_a_command_that_is_not_known_is_named(self) -> None:
        done = hangar("servces", "ls")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'servces' (did you mean 'services'?)", done.stderr)

    def test_help_of_a_command_shows_how_settings_are_given(self) -> None:
        for command in (("run",), ("replay",), ("dlq", "ls")):
            done = hangar(*command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for text in ("-c,--config", "--set ", "HANGAR_NATS_URL"):
                self.assertIn(text, done.stdout)

    def test_a_flag_takes_one_word_and_leaves_the_next(self) -> None:
        file = self.file("", "empty.yaml")
        for flag in (("--set", "log.level=info"), ("-c", str(file))):
            with self.subTest(flag=flag[0]):
                done = hangar("publish", *flag, str(self.folder / "none.jsonl"), *self.data)
                self.assertIn("none.jsonl", done.stderr)


class Configuration(Case):
    def test_every_error_is_reported_at_once_with_its_place(self) -> None:
        file = self.file(
            "services:\n"
            "  task_run_recorder:\n"
            "    bach_size: 100\n"
            "    lanes: many\n"
            "nats:\n"
            "  replicas: 9\n"
            "storage:\n"
            "  type: sqlite\n"
            "  type: postgres\n"
        )
        for command in (("config", "check"), ("run",), ("services", "ls")):
            with self.subTest(command=command):
                done = hangar(*self.data, "-c", file, *command)
                self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
                for place in ("3:5", "4:12", "6:13", "9:3"):
                    self.assertIn(f"{file}:{place}", done.stderr)
                self.assertIn("batch_size", done.stderr)

    def test_what_run_would_refuse_is_found_by_check_and_at_once(self) -> None:
        file = self.file(
            "nats:\n"
            "  url: [ws://a:1, 'nats://b:99999']\n"
            "  credentials_file: /none/x.creds\n"
            "  tls:\n"
            "    ca_file: /none/ca\n"
            "    cert_file: /none/cert\n"
            "storage:\n"
            "  url: mysql://u:hunter2@h/db\n"
            "services:\n"
            "  task_run_recorder: {stream: a b, durable: d, filter_subject: foo bar}\n"
            "  event_logger: {enabled: true, stream: a b, durable: d, filter_subject: a..b}\n"
        )
        said = (
            "2:9: nats.url: `ws://a:1` has a scheme",
            "2:9: nats.url: `nats://b:99999` ",
            "3:21: nats.credentials_file: cannot read '/none/x.creds'",
            "5:14: nats.tls.ca_file: cannot read /none/ca",
            "nats.tls.cert_file: cert_file and key_file come together",
            "HANGAR_ADMIN_LISTEN: 'foo' is no address",
            "8:8: storage.url: no storage that was found takes a mysql URL",
            "services.task_run_recorder.stream: `a b` cannot be a name in JetStream",
            "services.task_run_recorder.filter_subject: `foo bar` is no subject",
            "services.event_logger.filter_subject: `a..b` is no subject",
            "services.task_run_recorder.durable: d of stream a b is the durable of event_logger",
        )
        for command in (("config", "check"), ("run",)):
            with self.subTest(command=command):
                done = hangar(*self.data, "-c", file, *command, env={"HANGAR_ADMIN_LISTEN": "foo"})
                self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
                for text in said:
                    self.assertIn(text, done.stderr)
                self.assertNotIn("hunter2", done.stderr)
                for line in done.stderr.splitlines():
                    self.assertTrue(line.startswith("hangar: "), line)

    def test_each_wrong_value_is_named_by_the_variable_or_flag_that_set_it(self) -> None:
        for name, path, value, said in (
            ("HANGAR_NATS_URL", "nats.url", "http://h:4222", " has a scheme"),
            ("HANGAR_NATS_URL", "nats.url", "embedded,nats://h", ""),
            ("HANGAR_NATS_TLS_CA_FILE", "nats.tls.ca_file", str(self.folder), ""),
            ("HANGAR_NATS_NKEY_SEED_FILE", "nats.nkey_seed_file", "/none/seed", "cannot read"),
            ("HANGAR_ADMIN_LISTEN", "admin.listen", "127.0.0.1", " is no address"),
            ("HANGAR_ADMIN_LISTEN", "admin.listen", "127.0.0.1:99999", " has no valid port"),
            ("HANGAR_NATS_MAX_AGE", "nats.max_age", "1ms", "before it can be recorded"),
            ("HANGAR_PLUGINS_PATH", "plugins.path", "plugins", "relative path: write /"),
            ("HANGAR_STORAGE_URL", "storage.url", "jdbc:postgresql://h/d", "takes a jdbc URL"),
            ("HANGAR_STORAGE_URL", "storage.url", "postgresql://h/d?foo=1", "'foo'"),
            ("HANGAR_STORAGE_URL", "storage.url", str(self.folder), "is a folder"),
            ("HANGAR_STORAGE_URL", "storage.url", "/dev/null/x.db", "/dev/null is no folder"),
            ("HANGAR_STORAGE_URL", "storage.url", "/none/x.db", "/none/x.db is not there"),
            (
                "HANGAR_STORAGE_URL",
                "storage.url",
                "postgresql://h/d?sslmode=verify-full&sslrootcert=/none/ca",
                "sslrootcert: cannot read '/none/ca'",
            ),
            ("HANGAR_NATS_SERVER_BINARY", "nats.server_binary", "/none/nats", "needs the program"),
            ("HANGAR_STORAGE_TYPE", "storage.type", "oracle", "there is no storage 'oracle'"),
        ):
            with self.subTest(value=value):
                done = hangar(*self.data, "config", "check", env={name: value})
                self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
                self.assertRegex(done.stderr, rf"^hangar: {name}: .*{re.escape(said)}")
                done = hangar(*self.data, "config", "check", "--set", f"{path}={value}")
                self.assertRegex(done.stderr, rf"^hangar: --set {re.escape(path)}: ")

    def test_data_dir_that_cannot_be_made_is_found_and_one_that_can_is_not_made(self) -> None:
        for folder in ("/proc/x", "/proc", "/dev/null/x"):
            with self.subTest(folder):
                done = hangar("config", "check", env={"HANGAR_DATA_DIR": folder})
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertRegex(done.stderr, "^hangar: HANGAR_DATA_DIR: .*/(proc|dev/null)")
        good = self.folder / "a" / "b"
        done = hangar("config", "check", "--set", f"data_dir={good}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(good.parent.exists())
        good.mkdir(parents=True)
        done = hangar("config", "check", "--set", f"data_dir={good}")
        self.assertEqual((done.returncode, list(good.iterdir())), (0, []), done.stderr)

    def test_what_yaml_would_read_otherwise_is_refused(self) -> None:
        for text in (
            "services: {task_run_recorder: {batch_size: 010}}\n",
            "x-a: &a {lanes: 2}\nservices: {task_run_recorder: {<<: *a}}\n",
            "services: {task_run_recorder: {batch_size: ${HANGAR_TEST_UNSET}}}\n",
            "storage: {url: '${HANGAR_TEST_UNSET:?set the database}'}\n",
            "services: {no_such_service: {enabled: true}}\n",
            "services: [task_run_recorder\n",
        ):
            with self.subTest(text=text):
                done = hangar(*self.data, "-c", self.file(text), "config", "check")
                self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
                self.assertIn("hangar.yaml:", done.stderr)

    def test_hostile_files_are_refused_at_once_and_in_little_memory(self) -> None:
        levels = "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 10))
        cases = {
            "bomb": (f"a0: &a0 [lol]\n{levels}", "more than 100 aliases"),
            "cycle": ("services: &a\n  event_logger: *a\n", ":2:17: an alias within"),
            "nesting": (f"services: {'[' * 100_000}", ":1:1: more than 64 levels"),
            "blocks": ("".join(f"{' ' * n}a:\n" for n in range(300)), ":65:65: more than 64"),
            "duplicate": ("nats: {user: a, user: b}\n", ":1:17: duplicate key 'user'"),
            "unknown": ("nats:\n  usr: a\n", ":2:3: unknown key 'usr' in nats (did you mean"),
            "type": ("nats:\n  replicas: many\n", ":2:13: nats.replicas: expected an integer"),
            "unset": ("nats: {user: '${HANGAR_TEST_UNSET}'}\n", ":1:14: nats.user: environment"),
            "large": ("", "is longer than the 256 KiB that are read"),
        }
        worst_ms, worst_mib = 0.0, 0.0
        for name, (text, said) in cases.items():
            with self.subTest(name):
                file = self.file(text, f"{name}.yaml")
                if name == "large":
                    os.truncate(file, 100 << 20)
                done, used = self._measured("-c", file, "config", "check")
                self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
                self.assertRegex(done.stderr, rf"{re.escape(str(file))}.*{re.escape(said)}")
                spent_ms, resident = 1e3 * (used.ru_utime + used.ru_stime), used.ru_maxrss / 1024
                self.assertLess(resident, 64)
                worst_ms, worst_mib = max(worst_ms, spent_ms), max(worst_mib, resident)
        print(f"figure G6: refused = {len(cases)} of {len(cases)}")
        print(f"figure G6: ms of a processor at most = {worst_ms:.0f}")
        print(f"figure G6: MiB at most = {worst_mib:.0f}")

    def _measured(
        self, *arguments: str | Path
    ) -> tuple[subprocess.CompletedProcess[str], resource.struct_rusage]:
        """A command that was run, and what it used."""
        with (self.folder / "out").open("w") as out, (self.folder / "err").open("w") as err:
            process = subprocess.Popen(
                [program(), *arguments], env=environment(), stdout=out, stderr=err
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        said = [(self.folder / name).read_text() for name in ("out", "err")]
        return subprocess.CompletedProcess(arguments, process.returncode, *said), used

    def test_the_example_and_what_is_shown_are_valid(self) -> None:
        example = hangar("config", "example")
        self.assertEqual(example.returncode, 0, example.stderr)
        done = hangar(*self.data, "-c", self.file(example.stdout), "config", "check")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_schema_is_json(self) -> None:
        schema = json.loads(hangar("config", "schema").stdout)
        self.assertIn("$schema", schema)
        self.assertIn(_RECORDER, schema["properties"]["services"]["properties"])

    def test_a_secret_is_never_shown(self) -> None:
        secret = "correcthorsebatterystaple"
        password = self.file(f"{secret}\n", "password")
        password.chmod(0o600)
        settings = (
            ("--set", f"storage.url=postgresql://me:{secret}@127.0.0.1/x"),
            ("--set", f"nats.url=nats://me:{secret}@127.0.0.1:1"),
            ("--set", f"nats.password={secret}"),
        )
        for setting in settings:
            for command in (("config", "show"), ("config", "show", "-o", "json"), ("dlq", "ls")):
                with self.subTest(setting=setting[1].partition("=")[0], command=command):
                    done = hangar(*self.data, *setting, *command)
                    self.assertNotIn(secret, done.stdout + done.stderr)
        shown = hangar(
            *self.data, "config", "show", env={"HANGAR_NATS_PASSWORD_FILE": str(password)}
        )
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("********", shown.stdout)
        self.assertNotIn(secret, shown.stdout + shown.stderr)

    def test_a_value_says_where_it_comes_from(self) -> None:
        file = self.file("services:\n  task_run_recorder:\n    batch_size: 77\n")
        shown = hangar(
            *self.data, "-c", file, "config", "show", env={"HANGAR_STORAGE_TYPE": "postgres"}
        ).stdout
        self.assertRegex(shown, r"batch_size.*77.*hangar\.yaml:3")
        self.assertRegex(shown, r"type.*postgres.*HANGAR_STORAGE_TYPE")
        self.assertRegex(shown, r"lanes.*default")


class Unreachable(Case):
    def test_without_a_server_publish_and_dlq_say_so(self) -> None:
        events = self.file('{"id": "1"}\n', "events.jsonl")
        closed = ("--set", "nats.url=nats://127.0.0.1:1")
        for command in (("publish", str(events)), ("dlq", "ls")):
            with self.subTest(command=command):
                done = hangar(*self.data, *closed, *command)
                self.assertEqual((done.returncode, done.stdout), (69, ""), done.stderr)
                self.assertIn("127.0.0.1:1", done.stderr)

    def test_a_file_that_is_not_there_is_named(self) -> None:
        done = hangar(*self.data, "publish", str(self.folder / "none.jsonl"))
        self.assertIn("none.jsonl", done.stderr)
        self.assertIn(done.returncode, (1, 2))


if __name__ == "__main__":
    unittest.main()
