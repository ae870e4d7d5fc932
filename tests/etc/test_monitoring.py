"""etc/prometheus, etc/grafana and the runbook: what they name is there, and Prometheus takes it."""

from __future__ import annotations

import functools
import itertools
import json
import re
import signal
import subprocess
import unittest
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from support.exposition import everything_running, families
from support.server import Server
from support.servers import spawn
from support.temporary import temporary_folder
from support.tree import ROOT

_RULES = ROOT / "etc" / "prometheus" / "rules.yaml"
_CASES = Path(__file__).parent / "rules_test.yaml"
_DASHBOARD = ROOT / "etc" / "grafana" / "hangar.json"
_RUNBOOK = (ROOT / "etc" / "docs" / "runbook.md").read_text()
_METRIC = re.compile(r"\b(?:hangar|process)_\w+")
# What Grafana fills in before it asks.
_FILLED_IN = {"$__rate_interval": "1m", "$instance": ".*", "$service": ".*"}


def _alerts() -> dict[str, dict[str, Any]]:
    [group] = yaml.safe_load(_RULES.read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads(_DASHBOARD.read_text())["panels"]
    return panels


def _queries() -> list[str]:
    """Each of the dashboard, as Prometheus is asked it."""
    queries = [target["expr"] for panel in _panels() for target in panel.get("targets", [])]
    for variable, value in _FILLED_IN.items():
        queries = [query.replace(variable, value) for query in queries]
    return queries


def _promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *map(str, words)], capture_output=True, text=True, check=False
    )


class Prometheus(Server):
    """One that scrapes a host each half second and has the rules."""

    name = "prometheus"

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    def _spawn(self) -> subprocess.Popen[bytes]:
        job = {"job_name": "hangar", "static_configs": [{"targets": [self._target]}]}
        times = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
        config = self.folder / "prometheus.yaml"
        content = {"global": times, "rule_files": [str(_RULES)], "scrape_configs": [job]}
        config.write_text(json.dumps(content))
        return spawn(
            [
                *("prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder}/db"),
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            log=self.log,
        )

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def ask(self, path: str, **parameters: str) -> Any:
        query = urllib.parse.urlencode(parameters)
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.loads(answer.read())["data"]

    def answers(self, query: str) -> bool:
        return bool(self.ask("query", query=query)["result"])

    def value(self, query: str) -> float | None:
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None


class Rules(unittest.TestCase):
    def test_each_is_right(self) -> None:
        done = _promtool("check", "rules", _RULES)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_each_fires_when_it_should_and_only_then(self) -> None:
        done = _promtool("test", "rules", _CASES)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        fired = {
            case["alertname"]
            for test in yaml.safe_load(_CASES.read_text())["tests"]
            for case in test["alert_rule_test"]
            if case["exp_alerts"]
        }
        self.assertEqual(fired, set(_alerts()), "rules_test.yaml has to make each of them fire")


class Runbook(unittest.TestCase):
    def test_each_alert_has_its_section(self) -> None:
        titles = re.findall(r"^### (Hangar\w+)$", _RUNBOOK, re.MULTILINE)
        self.assertEqual(sorted(titles), sorted(_alerts()))
        for name, alert in _alerts().items():
            link = f"etc/docs/runbook.md#{name.lower()}"
            self.assertEqual(alert["annotations"]["runbook"], link)
            for what in ("Means", "Look at", "Do"):
                self.assertIn(f"**{what}:**", self._section(name), name)

    def test_each_exit_code_has_its_section(self) -> None:
        header = (ROOT / "core" / "src" / "api" / "exit_code.hpp").read_text()
        codes = {int(code) for code in re.findall(r"constexpr int \w+ = (\d+);", header)}
        self.assertGreater(len(codes), 4, "are they still written so?")
        # host/signals: a second one ends the process at once.
        codes |= {128 + int(number) for number in (signal.SIGINT, signal.SIGTERM)}
        titles = re.findall(r"^### Exit code (\d+)$", _RUNBOOK, re.MULTILINE)
        self.assertEqual({int(code) for code in titles}, codes)

    @staticmethod
    def _section(title: str) -> str:
        [_, rest] = _RUNBOOK.split(f"\n### {title}\n")
        return rest.split("\n#")[0]


class Dashboard(unittest.TestCase):
    def test_each_query_is_one(self) -> None:
        folder = self.enterContext(temporary_folder("dashboard"))
        rules = [{"record": f"q{i}", "expr": query} for i, query in enumerate(_queries())]
        self.assertGreater(len(rules), 20)
        file = folder / "queries.json"
        file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
        done = _promtool("check", "rules", file)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_panels_have_names_of_their_own_and_cover_no_other(self) -> None:
        panels = _panels()
        for key in ("id", "title"):
            names = [panel[key] for panel in panels]
            self.assertEqual(len(set(names)), len(names), names)
        for one, other in itertools.combinations([panel["gridPos"] for panel in panels], 2):
            beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
            self.assertTrue(beside or above, (one, other))
        self.assertLessEqual(max(p["gridPos"]["x"] + p["gridPos"]["w"] for p in panels), 24)


class Live(unittest.TestCase):
    def test_prometheus_has_all_that_is_asked_and_fires_for_a_host_that_is_gone(self) -> None:
        with everything_running() as surface:
            known = families(surface.ask("/metrics")[1])
            self._knows(known)
            server = self.enterContext(Prometheus(surface.address))
            # On a busy machine a scrape may come too late, and the next one has what is missing.
            for query in _queries():
                server.wait_until(functools.partial(server.answers, query), query)
            server.wait_until(lambda: self._states(server).keys() == _alerts().keys(), "rules")
            self.assertNotIn("firing", self._states(server).values())
        gone = 'ALERTS{alertname="HangarDown"}'
        server.wait_until(lambda: server.value(gone) == 1, "an alert that waits for its time")
        self.assertEqual(self._states(server)["HangarDown"], "pending")

    def _knows(self, known: dict[str, Any]) -> None:
        for text in (*_queries(), *(alert["expr"] for alert in _alerts().values())):
            for name in _METRIC.findall(text):
                family = re.sub("_(bucket|sum|count)$", "", name)
                kind = "histogram" if family != name else None
                with self.subTest(metric=name):
                    self.assertTrue(family in known, "a host has no such metric")
                    self.assertTrue(kind is None or known[family].kind == kind)

    def _states(self, server: Prometheus) -> dict[str, str]:
        """Of the rules that were evaluated."""
        [group] = server.ask("rules")["groups"]
        self.assertEqual([r["lastError"] for r in group["rules"] if r.get("lastError")], [])
        return {rule["name"]: rule["state"] for rule in group["rules"] if rule["health"] == "ok"}


if __name__ == "__main__":
    unittest.main()
