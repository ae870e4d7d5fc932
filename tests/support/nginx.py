"""nginx in front of Prefect's API and the event gateway."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from support.children import spawn
from support.server import Server
from support.tree import ROOT

FRONT = ROOT / "etc" / "front"


class Nginx(Server):
    """With the file of etc/front, and a main file that lets it run as anybody."""

    name = "nginx"

    def __init__(self, api: str, gateway: str) -> None:
        super().__init__()
        self._api = api
        self._gateway = gateway

    def _spawn(self) -> subprocess.Popen[bytes]:
        text = (FRONT / "nginx.conf").read_text()
        for written, here in (("127.0.0.1:4200", self._api), ("127.0.0.1:4201", self._gateway),
                              ("127.0.0.1:8080", f"127.0.0.1:{self.port}")):  # fmt: skip
            assert text.count(written) == 1, written
            text = text.replace(written, here)
        (self.folder / "front.conf").write_text(text)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        main = self.folder / "nginx.conf"
        main.write_text(
            f"daemon off;\nmaster_process off;\npid {self.folder}/nginx.pid;\n"
            f"error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}"
            f"include {self.folder}/front.conf;\n}}\n"
        )
        # Debian keeps it out of the path of users.
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        words = (program, "-p", self.folder, "-e", "stderr", "-c", main)
        return spawn(words, log=self.log, cwd=self.folder)

    def _ready(self) -> bool:
        return (self.folder / "nginx.pid").exists() and self._listens()

    def _listens(self) -> bool:
        return f":{self.port:04X} " in Path("/proc/net/tcp").read_text()
