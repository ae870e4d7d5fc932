"""`page_pictures.py FOLDER [MINUTES]`: the page of a host that records, in a real browser.

Publishes task-run events in waves, with one now and then that cannot be recorded, and writes
page-light.png, page-dark.png and page-phone.png of what Debian's chromium shows in the end. The
curves have as much as it ran, two minutes by default, and are full after fifteen:
`PYTHONPATH=tests python3 tests/admin/page_pictures.py build`
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

from support.browser import Browser
from support.flow_runs import stream_lines
from support.jetstream import JetStream
from support.program import flags, hangar_running
from support.servers import NatsServer
from support.surface import Surface
from support.temporary import temporary_folder

_GOLDEN = Path(__file__).resolve().parents[1] / "golden"
_SUBJECT = "prefect.events.task-run"
_PICTURES = (("light", "light", 800), ("dark", "dark", 800), ("phone", "light", 390))


def _publish(stream: JetStream, minutes: float) -> None:
    lines = stream_lines((_GOLDEN / "shuffled.jsonl").read_bytes())
    begin = time.monotonic()
    second = 0
    while (passed := time.monotonic() - begin) < minutes * 60:
        wave = 1 + math.sin(passed / 20) + 0.5 * math.sin(passed / 7)
        first = second * 100 % len(lines)
        stream.publish(_SUBJECT, lines[first : first + max(2, int(wave * 40))])
        if second % 40 == 20:
            stream.publish(_SUBJECT, [b"no event"])
        second += 1
        time.sleep(1)


def main(folder: Path, minutes: float) -> int:
    with temporary_folder("pictures") as data, NatsServer() as nats, Browser() as browser:
        settings = {
            "data_dir": data,
            "nats.url": nats.url,
            "services.event_logger.enabled": "true",
        }
        log = data / "hangar.log"
        with (
            hangar_running(*flags(settings), log=log) as process,
            JetStream(nats.url) as stream,
        ):
            browser.open(f"http://{Surface.of(process, data, log).address}/")
            browser.wait("document.querySelector('#state').textContent === 'ready'")
            _publish(stream, minutes)
            for name, scheme, width in _PICTURES:
                browser.prefer(scheme)
                browser.resize(width, 600)
                picture = folder / f"page-{name}.png"
                browser.picture(picture)
                print(f"{picture}: {picture.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 2))
