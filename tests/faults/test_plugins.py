"""Plugins that are no plugins, or break: they are refused or fail alone, the others go on."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.ledger import Ledger
from support.program import flags, hangar, hangar_running
from support.servers import NatsServer, wait_until
from support.temporary import temporary_folder
from support.tree import ROOT, build_folder

_GOOD = build_folder() / "lib" / "hangar" / "plugins"
_WRONG = build_folder() / "lib" / "wrong_plugins"
_CUT = ("nothing", "header", "half", "all_but_one")

# Plugins that were built wrong, and what is said of them.
_REFUSALS = {
    "other_abi": "its plugin ABI is 1, this host's is 2: build it again with this host's headers",
    "other_compiler": "its compiler is ",
    "no_tag": "carries no build tag",
    "no_kind": "neither a service nor a storage",
    "no_name": "lacks a name",
    "bad_name": "lacks a name",
    "no_plugin": "carries no build tag",
    "no_symbol": "exports no hangar_plugin",
    "factory_throws": "fails when it is asked for its settings: broken",
    "factory_throws_no_exception": "fails when it is asked for its settings",
    "no_factory": "it made no factory",
    "fields_throw": "fails when it is asked for its settings: no fields",
    "no_library": "cannot open shared object file: No such file or directory; `ldd -r` of it shows",
    "text": "is no library",
    "bits_32": "is a library for 32 bits",
    "other_machine": "is a library for another kind of machine",
    "nothing": "is no library",
    "header": "is no library",
    "half": "was cut short",
    "all_but_one": "was cut short",
}


def _changed(data: bytes, at: int, byte: int) -> bytes:
    return data[:at] + bytes([byte]) + data[at + 1 :]


def wrong_plugins(folder: Path) -> Path:
    """A folder of everything that is refused, and two plugins that hide the host's own."""
    made = folder / "plugins"
    made.mkdir(mode=0o755)
    for name in ("task_run_recorder", "sqlite"):
        shutil.copy(_GOOD / f"{name}.so", made)
    good = (_GOOD / "event_logger.so").read_bytes()
    files = {
        "other_abi": good.replace(b"abi=2 ", b"abi=1 "),
        "other_compiler": re.sub(rb"( compiler=\w+-)\d", rb"\1x", good),
        "no_tag": good.replace(b"hangar_build_tag", b"hangar_built_tag"),
        "no_symbol": good.replace(b"\0hangar_plugin\0", b"\0hangar_plague\0"),
        "no_library": good.replace(b"\0libboost_json.", b"\0libboost_gone."),
        "text": b"this is no library\n",
        "bits_32": _changed(good, 4, 1),
        "other_machine": _changed(good, 18, 8),
        "nothing": b"",
        "header": good[:40],
        "half": good[: len(good) // 2],
        "all_but_one": good[:-1],
    }
    for name in _REFUSALS:
        if name in files:
            (made / f"{name}.so").write_bytes(files[name])
        else:
            shutil.copy(_WRONG / f"{name}.so", made)
    return made


class Refused(unittest.TestCase):
    def test_each_is_refused_with_the_reason_and_the_others_are_loaded(self) -> None:
        folder = self.enterContext(temporary_folder("plugins"))
        path = wrong_plugins(folder)
        done = hangar("plugins", "ls", "-o", "json", "--set", f"plugins.path={path}")
        self.assertEqual(done.returncode, 1, done.stderr)
        here = [one for one in json.loads(done.stdout) if Path(one["path"]).parent == path]
        found = {Path(plugin["path"]).stem: plugin for plugin in here}
        self.assertEqual(set(found), {*_REFUSALS, "task_run_recorder", "sqlite"})
        for name, plugin in found.items():
            with self.subTest(plugin=name):
                self.assertEqual(plugin["state"], "refused" if name in _REFUSALS else "loaded")
                self.assertIn(_REFUSALS.get(name, ""), plugin["refusal"])
        print(f"figure G2: refused = {len(_REFUSALS)} of {len(_REFUSALS)}")

    def test_a_refusal_is_told_wherever_services_are_and_fails_unless_it_is_switched_off(
        self,
    ) -> None:
        folder = self.enterContext(temporary_folder("plugins"))
        path = folder / "plugins"
        path.mkdir(mode=0o755)
        for name in ("task_run_recorder", "sqlite"):
            shutil.copy(_GOOD / f"{name}.so", path)
        (path / "task_run_recorder.so").chmod(0o757)
        settings = {
            "plugins.path": path,
            "data_dir": folder / "data",
            "nats.url": "nats://127.0.0.1:1",
        }
        said = "task_run_recorder.so is writable by others: run chmod go-w on it"
        for words, code in ((("services", "ls"), 1), (("config", "check"), 1), (("doctor",), 69)):
            with self.subTest(words=words):
                done = hangar(*words, *flags(settings))
                self.assertIn(said, done.stdout + done.stderr)
                self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        settings["services.task_run_recorder.enabled"] = "false"
        done = hangar("services", "ls", *flags(settings))
        self.assertIn(said, done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        (path / "task_run_recorder.so").chmod(0o755)
        done = hangar("services", "ls", *flags(settings))
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Hidden(unittest.TestCase):
    """`plugins.path` adds to the host's own folder, and what it hides there is shown."""

    def test_what_hides_the_hosts_own_is_used_and_both_are_shown(self) -> None:
        folder = self.enterContext(temporary_folder("plugins"))
        first, second = folder / "first", folder / "second"
        for made in (first, second):
            made.mkdir(mode=0o755)
            shutil.copy(_GOOD / "event_logger.so", made / f"{made.name}.so")
        # A folder that is named twice, or the host's own, hides nothing of itself.
        path = ",".join(str(one) for one in (first, second, first, _GOOD))
        settings = flags({"plugins.path": path, "data_dir": folder / "data"})
        done = hangar("plugins", "ls", "-o", "json", *settings)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = {one["path"]: (one["state"], one["hidden_by"]) for one in json.loads(done.stdout)}
        winner = str(first / "first.so")
        self.assertEqual(
            {file: what for file, what in found.items() if what != ("loaded", "")},
            {
                str(second / "second.so"): ("hidden", winner),
                str(_GOOD / "event_logger.so"): ("hidden", winner),
            },
        )
        self.assertEqual(
            set(found), {winner, str(second / "second.so"), *map(str, _GOOD.glob("*.so"))}
        )
        done = hangar("plugins", "ls", *settings)
        self.assertRegex(done.stdout, rf"hidden .*by {winner}")
        done = hangar("doctor", *settings, "--set", "nats.url=nats://127.0.0.1:1")
        self.assertIn(f"event_logger.so is hidden by {winner}", done.stdout)

    def test_two_of_one_name_in_one_folder_are_a_mistake(self) -> None:
        folder = self.enterContext(temporary_folder("plugins"))
        for name in ("one", "two"):
            shutil.copy(_GOOD / "event_logger.so", folder / f"{name}.so")
        done = hangar("plugins", "ls", *flags({"plugins.path": folder}))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"{folder / 'one.so'} has the same name and comes first", done.stdout)


class Beside(Ledger):
    """The recorder runs beside what is wrong."""

    COPIES = 4

    def setUp(self) -> None:
        super().setUp()
        self.use_sqlite()

    def test_the_host_records_beside_plugins_that_it_refuses(self) -> None:
        path = wrong_plugins(self.folder)
        with self.recording(*flags({"plugins.path": path})) as process:
            self.end_of(process)
        self.expect_all_recorded()
        said = self.log.read_text()
        for name in _REFUSALS:
            self.assertIn(f"plugin {name}.so is refused: ", said)
        for name in ("task_run_recorder.so", "sqlite.so"):
            hidden = f"plugin {_GOOD / name} is hidden by {path / name}"
            self.assertEqual(said.count(hidden), 1, said)

    def test_a_service_that_fails_is_started_again_beside_the_others(self) -> None:
        with self.beside("throws") as process:
            self.wait_for_words("faulty_service is started again in 0.2 s", process)
            wait_until(lambda: self.left() == 0, what="every ack", log=self.log)
            self.assertEqual(self.terminate(process), 1)
        self.expect_all_recorded()

    def test_a_service_that_fails_too_often_ends_the_process_when_the_others_are_drained(
        self,
    ) -> None:
        for fault, said in (
            ("needs_throw", "it knows no needs"),
            ("throws_when_made", "not made"),
            ("throws", "it broke"),
            ("throws_no_exception", "it threw something that is no std::exception"),
            ("throws_with_a_message", "it broke"),
        ):
            with self.subTest(fault=fault), self.beside(fault, "max_restarts=2") as process:
                self.assertEqual(process.wait(60), 1)
            log = self.log.read_text()
            self.assertEqual(log.count(f"faulty_service failed: {said}"), 3, log)
            self.assertIn("task_run_recorder has ended", log)
            self.log.unlink()
        with self.recording() as process:
            self.end_of(process)
        self.expect_all_recorded()

    def test_a_thread_that_a_service_leaves_behind_holds_nothing_up(self) -> None:
        with self.beside("leaves_a_thread") as process:
            wait_until(lambda: self.left() == 0, what="every ack", log=self.log)
            self.assertEqual(self.terminate(process), 0, self.log.read_text()[-4000:])
        self.expect_all_recorded()

    def test_a_service_that_never_stops_is_left_when_the_others_have_drained(self) -> None:
        with self.beside("never_stops", "drain_timeout=8s") as process:
            self.wait_for_progress(process)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(60), 75, self.log.read_text()[-4000:])
        self.assertIn("task_run_recorder has ended", self.log.read_text())
        self.assertNotIn("faulty_service has ended", self.log.read_text())
        with self.recording() as process:
            self.end_of(process)
        self.expect_all_recorded()

    def test_a_service_that_keeps_the_event_loop_holds_the_end_up_no_longer(self) -> None:
        for second, code in ((None, 75), (signal.SIGTERM, 143), (signal.SIGINT, 130)):
            timeout = "drain_timeout=1s" if second is None else "drain_timeout=1h"
            with self.subTest(code=code), self.beside("keeps_the_loop", timeout) as process:
                self.wait_for_words("keeps the loop", process)
                process.send_signal(signal.SIGTERM)
                if second is not None:
                    self.wait_for_words("SIGTERM: finishing", process)
                    process.send_signal(second)
                self.assertEqual(process.wait(60), code, self.log.read_text()[-4000:])
            self.log.unlink()
        with self.recording() as process:
            self.end_of(process)
        self.expect_all_recorded()

    @contextmanager
    def beside(self, fault: str, *settings: str) -> Iterator[subprocess.Popen[bytes]]:
        made = self.folder / "plugins"
        if not made.exists():
            made.mkdir(mode=0o755)
            shutil.copy(_WRONG / "faulty_service.so", made)
        chosen = {
            "plugins.path": made,
            "services.faulty_service.enabled": "true",
            "services.faulty_service.fault": fault,
        }
        words = [word for setting in settings for word in ("--set", setting)]
        with hangar_running(*self.words(), *flags(chosen), *words, log=self.log) as process:
            yield process


class NeedsOfAFaultyService(unittest.TestCase):
    def test_what_cannot_be_told_or_met_is_said_of_that_service_alone(self) -> None:
        folder = self.enterContext(temporary_folder("plugins"))
        made = folder / "plugins"
        made.mkdir(mode=0o755)
        shutil.copy(_WRONG / "faulty_service.so", made)
        for fault, said in (
            ("needs_throw", "it knows no needs"),
            ("needs_a_null_table", "services.faulty_service: it needs a table that is null"),
        ):
            settings = {
                "plugins.path": made,
                "data_dir": folder / "data",
                "nats.url": "nats://127.0.0.1:1",
                "services.faulty_service.enabled": "true",
                "services.faulty_service.fault": fault,
            }
            with self.subTest(fault=fault):
                done = hangar("services", "ls", "-o", "json", *flags(settings))
                self.assertEqual(done.returncode, 0, done.stderr)
                all_services = {one["name"]: one["failure"] for one in json.loads(done.stdout)}
                self.assertIn("task_run_recorder", all_services)
                failures = {name: failure for name, failure in all_services.items() if failure}
                self.assertEqual(failures, {"faulty_service": said})
                done = hangar("doctor", *flags(settings))
                self.assertEqual(done.returncode, 69, done.stderr)
                self.assertIn(f"[fail] service faulty_service: {said}", done.stdout)


class Storages(unittest.TestCase):
    def test_the_host_chooses_a_storage_and_its_url_by_what_the_plugin_declares(self) -> None:
        folder = self.enterContext(temporary_folder("plugins"))
        made = folder / "plugins"
        made.mkdir(mode=0o755)
        shutil.copy(_WRONG / "faulty_storage.so", made)
        data = folder / "data"
        for settings, said in (
            ({"storage.type": "faulty_storage"}, f"storage.url: given {data}/faulty.db"),
            ({"storage.url": "faulty://x"}, "storage.url: given faulty://x"),
            ({"storage.url": "wrong+more://x"}, "storage.url: given wrong+more://x"),
            (
                {"storage.url": "mysql://x"},
                "storage.url: no storage that was found takes a mysql URL: install the plugin of "
                "one that does, or write faulty://what, or postgresql://",
            ),
        ):
            with self.subTest(settings=settings):
                chosen = {"plugins.path": made, "data_dir": data, **settings}
                done = hangar("config", "check", *flags(chosen))
                self.assertEqual(done.returncode, 78, done.stdout + done.stderr)
                self.assertIn(said, done.stderr)

    def test_a_storage_that_cannot_be_made_fails_its_services_with_the_reason(self) -> None:
        folder = self.enterContext(temporary_folder("plugins"))
        made = folder / "plugins"
        made.mkdir(mode=0o755)
        shutil.copy(_WRONG / "faulty_storage.so", made)
        nats = self.enterContext(NatsServer())
        sent = hangar("publish", "--set", f"nats.url={nats.url}", ROOT / "etc" / "sample.jsonl")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        for url, said in (
            ("throws", "not made"),
            ("throws_no_exception", "it threw something that is no std::exception"),
            ("makes_nothing", "the plugin of storage 'faulty_storage' made none"),
            ("opens_no_session", "the storage opened no session"),
        ):
            with self.subTest(url=url):
                settings = {
                    "data_dir": folder / "data",
                    "plugins.path": made,
                    "nats.url": nats.url,
                    "storage.type": "faulty_storage",
                    "storage.url": url,
                    "max_restarts": 0,
                }
                done = hangar("run", *flags(settings))
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"task_run_recorder failed: {said}", done.stderr)


if __name__ == "__main__":
    unittest.main()
