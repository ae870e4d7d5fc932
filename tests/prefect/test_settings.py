"""Which database an environment names: asked of the installed Prefect, and compared with Hangar's.

One process of Prefect's Python answers the whole table (`prefect_settings.py`).
"""

from __future__ import annotations

import itertools
import json
import subprocess
import unittest
from pathlib import Path
from typing import Any

from support.prefect_venv import PrefectVenv, prefect_venv
from support.program import environment, hangar, program
from support.temporary import temporary_folder

_SERVER, _API = "PREFECT_SERVER_DATABASE_", "PREFECT_API_DATABASE_"
_PARTS = {
    "HOST": ("db.example", "::1"),
    "PORT": ("6543", "0"),
    "USER": ("me", "m@e:/?#% &+"),
    "NAME": ("prefect", "a b/c?d#e%"),
    "PASSWORD": ("p", "${p}/@:?#%"),
}
_URL = "postgresql+asyncpg://u:{}@from-{}:5433/x"
_NAMED = _SERVER + "CONNECTION_URL"


def _environments() -> list[dict[str, str]]:
    """Each part given or not, in either spelling, with values of either kind."""
    found = []
    subsets = itertools.product((False, True), repeat=len(_PARTS))
    for number, given in enumerate(subsets):
        named = [part for part, here in zip(_PARTS, given, strict=True) if here]
        for odd in (0, 1):
            variables = {_SERVER + "DRIVER": "postgresql+asyncpg"}
            for at, part in enumerate(named):
                spelled = (_SERVER, _API)[(number + at) % 2]
                variables[spelled + part] = _PARTS[part][odd]
            found.append(variables)
    everything = {_API + part: values[1] for part, values in _PARTS.items()}
    sqlite = {_API + "DRIVER": "sqlite+aiosqlite"}
    found += [
        {**found[-1], **everything},
        sqlite,
        {**sqlite, **everything},
        {**sqlite, _SERVER + "NAME": "/var/lib/x.db"},
        {**found[-1], _NAMED: _URL.format("p", "url")},
        {_API + "CONNECTION_URL": "sqlite+aiosqlite:////x.db", _API + "PASSWORD": "p"},
        {_NAMED: _URL.format("${PREFECT_SERVER_DATABASE_PASSWORD}", "url")},
        {
            _NAMED: _URL.format("${PREFECT_API_DATABASE_PASSWORD}", "url"),
            _SERVER + "PASSWORD": "plain",
        },
    ]
    found += [
        {_NAMED.lower(): _URL.format("p", "lower")},
        {_NAMED.title(): _URL.format("p", "mixed")},
        {(_API + "CONNECTION_URL").lower(): _URL.format("p", "older")},
        {
            _NAMED.lower(): _URL.format("${PREFECT_SERVER_DATABASE_PASSWORD}", "lower"),
            (_SERVER + "PASSWORD").lower(): "plain",
        },
        {name.lower(): value for name, value in found[-9].items()},
    ]
    return found


def _blocks() -> list[dict[str, str]]:
    """Settings as one JSON text, which Prefect takes before the single variable."""
    named = {"connection_url": _URL.format("sekret", "block")}
    path = {"search_path": "s"}
    texts = {
        "PREFECT_SERVER": {"DATABASE": named},
        "PREFECT_SERVER_DATABASE": named,
        "prefect_server_database": named,
        _SERVER + "SQLALCHEMY": {"connect_args": path},
        _SERVER + "SQLALCHEMY_CONNECT_ARGS": path,
        _SERVER + "SQLALCHEMY_CONNECT_ARGS_TLS": {"enabled": True},
        "PREFECT_SERVER_EVENTS": {"maximum_labels_per_resource": 7},
        "PREFECT_SERVER_SERVICES": {"task_run_recorder": {"batch_size": 7}},
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER": {"batch_size": 7},
    }
    return [
        {_NAMED: _URL.format("sekret", "url"), name: json.dumps(text)}
        for name, text in texts.items()
    ]


def _asked(prefect: PrefectVenv, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [prefect.python, Path(__file__).with_name("prefect_settings.py")],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        env={k: v for k, v in environment().items() if k != "PYTHONPATH"},
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _shown(url: dict[str, Any]) -> dict[str, Any]:
    """As Hangar shows it: a user without a password may be a token."""
    return {**url, "user": "********"} if url["user"] and not url["has password"] else url


class Settings(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("settings"))

    def ours(self, variables: dict[str, str]) -> str | None:
        """The URL that Hangar takes, as it shows it; none when it refuses them."""
        env = {**variables, "PREFECT_HOME": "HOME", "HANGAR_DATA_DIR": str(self.folder)}
        done = hangar("config", "show", "-o", "json", env=env)
        if done.returncode == 78:
            return None
        self.assertEqual(done.returncode, 0, done.stderr)
        return str(json.loads(done.stdout)["storage.url"]["value"])

    def test_each_environment_names_the_database_that_prefect_takes(self) -> None:
        environments = _environments()
        urls = [self.ours(variables) for variables in environments]
        questions = [
            {"variables": variables, **({"ours": url} if url is not None else {})}
            for variables, url in zip(environments, urls, strict=True)
        ]
        answers = _asked(prefect_venv(), questions)
        refused = 0
        for variables, url, answer in zip(environments, urls, answers, strict=True):
            with self.subTest(variables=variables):
                if "error" in answer:
                    refused += 1
                    self.assertIsNone(url, answer["error"])
                else:
                    self.assertIsNotNone(url, answer["url"])
                    self.assertEqual(answer["ours"], _shown(answer["url"]))
        self.assertGreater(refused, 10)
        self.assertGreater(len(answers) - refused, 10)

    def test_a_block_as_json_is_refused_by_name_and_without_its_secrets(self) -> None:
        for variables, answer in zip(
            _blocks(), _asked(prefect_venv(), [{"variables": v} for v in _blocks()]), strict=True
        ):
            name = list(variables)[1].upper()
            with self.subTest(name=name):
                self.assertNotIn("error", answer, "Prefect takes it")
                env = {**variables, "HANGAR_DATA_DIR": str(self.folder)}
                done = hangar("config", "check", env=env)
                self.assertEqual(done.returncode, 78, done.stdout)
                self.assertIn(f"{name} holds many settings as JSON", done.stderr)
                self.assertNotIn("sekret", done.stderr)

    def test_doctor_names_each_file_that_prefect_takes_a_database_from(self) -> None:
        files = {
            "profiles.toml": f'active = "a"\n[profiles.a]\n{_API}CONNECTION_URL = "{{}}"\n',
            ".env": f"{_NAMED}={{}}\n",
            "prefect.toml": '[server.database]\nconnection_url = "{}"\n',
            "pyproject.toml": '[tool.prefect.server.database]\nconnection_url = "{}"\n',
        }
        files = {name: text.format(_URL.format("p", name)) for name, text in files.items()}
        questions = [{"variables": {}, "files": {name: text}} for name, text in files.items()]
        for name, answer in zip(files, _asked(prefect_venv(), questions), strict=True):
            self.assertEqual(answer["url"]["host"], f"from-{name}", "does Prefect read it?")
            (self.folder / name).write_text(files[name])
        done = subprocess.run(
            [program(), "doctor", "--set", f"data_dir={self.folder / 'data'}"],
            cwd=self.folder,
            env=environment({"PREFECT_HOME": str(self.folder)}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for name in files:
            self.assertRegex(done.stdout, rf"\[warn\] settings: \S*{name} sets \S*_CONNECTION_URL,")


if __name__ == "__main__":
    unittest.main()
