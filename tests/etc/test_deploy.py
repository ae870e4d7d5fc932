"""The container and Kubernetes files: what they say is what the programs take."""

from __future__ import annotations

import json
import re
import subprocess
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from support.prefect_nats_venv import prefect_nats_venv
from support.program import environment, flags, hangar, hangar_running, program
from support.surface import Surface
from support.temporary import temporary_folder
from support.tool_venv import tool_venv
from support.tree import ROOT, build_folder, files, named

_CONTAINER = ROOT / "etc" / "container"
_MANIFESTS = files(".yaml", under="etc/k8s")
# Both bring the schemas with them; the second one is wanted for its schema alone.
_TOOLS = ("kubernetes-validate==1.37.0",)
_COMPOSE = ("docker-compose==1.29.2",)


def _lint_venv() -> Path:
    return tool_venv("deploy", _TOOLS, alone=_COMPOSE)


def _check(*command: str | Path, **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, **how
    )


def _documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in _MANIFESTS:
        for document in yaml.safe_load_all(file.read_text()):
            yield named(file), document


def _manifest(kind: str, name: str = "hangar") -> dict[str, Any]:
    [found] = [
        document
        for _, document in _documents()
        if (document["kind"], document["metadata"]["name"]) == (kind, name)
    ]
    return found


def _compose(file: str = "compose.yaml") -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((_CONTAINER / file).read_text())
    return content


class Schemas(unittest.TestCase):
    def test_each_manifest_is_what_kubernetes_takes(self) -> None:
        command = _lint_venv() / "bin" / "kubernetes-validate"
        done = _check(command, "--strict", "-k", "1.37", *_MANIFESTS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_compose_files_are_what_the_specification_takes(self) -> None:
        [schema] = _lint_venv().glob("lib/*/site-packages/compose/config/compose_spec.json")
        folder = self.enterContext(temporary_folder("compose"))
        content = folder / "compose.json"
        python = _lint_venv() / "bin" / "python"
        for file in ("compose.yaml", "compose.gateway.yaml"):
            content.write_text(json.dumps(_compose(file)))
            done = _check(python, "-W", "ignore", "-m", "jsonschema", "-i", content, schema)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Settings(unittest.TestCase):
    def test_hangar_takes_the_configuration_of_its_config_map(self) -> None:
        folder = self.enterContext(temporary_folder("k8s"))
        (folder / "password").write_text("secret")
        text = _manifest("ConfigMap")["data"]["hangar.yaml"]
        file = folder / "hangar.yaml"
        file.write_text(text.replace("/run/secrets/hangar/", f"{folder}/"))
        done = hangar("config", "check", "-c", file, env={"HANGAR_DATA_DIR": str(folder)})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_hangar_takes_the_environment_of_its_container(self) -> None:
        beside = _compose("compose.gateway.yaml")["services"]["hangar"]["environment"]
        written = _compose()["services"]["hangar"]["environment"] | beside
        # As compose fills them in.
        values = {name: re.sub(r"\$\{[^}]*\}", "word", text) for name, text in written.items()}
        done = hangar("config", "check", env={**values, "HANGAR_DATA_DIR": "/var/lib/hangar"})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_prefect_knows_every_variable_that_its_containers_are_given(self) -> None:
        services = _compose()["services"]
        names = {
            *_manifest("ConfigMap", "prefect-messaging")["data"],
            *services["prefect-server"]["environment"],
            *_compose("compose.gateway.yaml")["services"]["prefect-server"]["environment"],
            *services["prefect-services"]["environment"],
        }
        script = (
            "from prefect.settings.legacy import _get_valid_setting_names as names\n"
            "from prefect.settings import Settings\n"
            "from prefect_nats.settings import NatsMessagingSettings as ours\n"
            "print(*names(Settings))\n"
            "print(*('PREFECT_NATS_MESSAGING_' + n.upper() for n in ours.model_fields))\n"
        )
        venv = prefect_nats_venv()
        env = venv.environment(self.enterContext(temporary_folder("names")))
        done = _check(venv.python, "-c", script, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(names - set(done.stdout.split()), set())


class Agreement(unittest.TestCase):
    def test_every_manifest_has_the_standard_labels_and_selectors_find_the_pods(self) -> None:
        deployment = _manifest("Deployment")["spec"]
        pods = deployment["template"]["metadata"]["labels"]
        for file, document in _documents():
            labels = document["metadata"]["labels"]
            for label in ("name", "instance", "component", "part-of"):
                self.assertIn(f"app.kubernetes.io/{label}", labels, file)
        selectors = (
            deployment["selector"],
            _manifest("PodDisruptionBudget")["spec"]["selector"],
            _manifest("NetworkPolicy")["spec"]["podSelector"],
        )
        for selector in selectors:
            self.assertLessEqual(selector["matchLabels"].items(), pods.items())

    def test_the_pods_are_given_the_time_and_the_port_that_hangar_has(self) -> None:
        pod = _manifest("Deployment")["spec"]["template"]["spec"]
        self.assertFalse(pod["enableServiceLinks"])
        settings = yaml.safe_load(_manifest("ConfigMap")["data"]["hangar.yaml"])
        [container] = pod["containers"]
        port = int(settings["admin"]["listen"].rpartition(":")[2])
        self.assertEqual(container["ports"], [{"name": "admin", "containerPort": port}])
        written = [m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")]
        self.assertEqual(written, [settings["data_dir"]])
        shown = hangar("config", "show").stdout
        [drain] = re.findall(r"drain_timeout\W+(\d+)s", shown)
        self.assertGreater(pod["terminationGracePeriodSeconds"], int(drain))
        [secret] = [v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v]
        self.assertIn("password", _manifest("Secret", secret)["stringData"])

    def test_both_run_as_the_user_that_the_image_has(self) -> None:
        [user] = re.findall(r"^USER (\d+):\d+$", (_CONTAINER / "Dockerfile").read_text(), re.M)
        pod = _manifest("Deployment")["spec"]["template"]["spec"]["securityContext"]
        self.assertEqual(pod["runAsUser"], int(user))
        [mount] = _compose()["services"]["hangar"]["tmpfs"]
        self.assertIn(f"uid={user},", mount)


class Image(unittest.TestCase):
    """There is no container engine here: what the Dockerfiles name is looked at one by one."""

    def test_what_they_copy_is_there_and_is_enough_to_configure_a_build(self) -> None:
        folder = self.enterContext(temporary_folder("image"))
        for dockerfile in files("Dockerfile", under="etc/container"):
            for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile.read_text(), re.M):
                *sources, target = line.split()
                for source in sources:
                    self.assertTrue((ROOT / source).exists(), f"{named(dockerfile)}: {source}")
                    if dockerfile.name == "Dockerfile":
                        whole = (folder / target).resolve() / Path(source).name
                        place = folder / target if (ROOT / source).is_dir() else whole
                        place.parent.mkdir(parents=True, exist_ok=True)
                        _check("cp", "-r", ROOT / source, place)
        done = _check("cmake", "--preset", "release", "-DHANGAR_TESTS=OFF", cwd=folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_runtime_packages_hold_every_library_that_an_installed_hangar_loads(self) -> None:
        folder = self.enterContext(temporary_folder("install"))
        done = _check("cmake", "--install", build_folder(), "--prefix", folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = _check(_CONTAINER / "runtime-packages", folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        packages = done.stdout.split()
        some = {"libc6", "libjemalloc2", "libpq5", "libsqlite3-0", "libstdc++6"}
        self.assertLessEqual(some, set(packages))
        self.assertEqual([name for name in packages if name.endswith("-dev")], [])
        nothing = self.enterContext(temporary_folder("nothing"))
        self.assertNotEqual(_check(_CONTAINER / "runtime-packages", nothing).returncode, 0)

    def test_the_container_is_healthy_while_hangar_is_ready(self) -> None:
        folder = self.enterContext(temporary_folder("health"))
        *words, status, ready = _compose()["services"]["hangar"]["healthcheck"]["test"]
        self.assertEqual(words, ["CMD", "hangar"])
        log = folder / "hangar.log"
        with hangar_running(*flags({"data_dir": folder}), log=log) as process:
            surface = Surface.of(process, folder, log)

            def healthy() -> bool:
                own = environment({"HANGAR_DATA_DIR": str(folder)})
                return _check(program(), status, ready, env=own).returncode == 0

            while not healthy():
                self.assertIsNone(process.poll(), log.read_text())
            self.assertEqual(surface.ask("/readyz")[0], 200)
        self.assertFalse(healthy(), "it is healthy and does not run")


if __name__ == "__main__":
    unittest.main()
