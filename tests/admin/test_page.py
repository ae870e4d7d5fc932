"""The page at `/` of a running host, as a person with a browser, a phone or a reader meets it."""

from __future__ import annotations

import unittest
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, ClassVar

from support.browser import Browser
from support.children import free_port
from support.flow_runs import stream_lines
from support.jetstream import JetStream
from support.program import flags, hangar_running
from support.servers import NatsServer
from support.surface import Surface
from support.temporary import temporary_folder

_EVENTS = Path(__file__).resolve().parents[1] / "golden" / "shuffled.jsonl"
_SERVICES = ("event_gateway", "event_logger", "task_run_recorder")
_STATE = "document.querySelector('#state').textContent"
_ROWS = """Object.fromEntries([...document.querySelectorAll('tbody tr')].map((row) =>
  [row.querySelector('th').firstChild.textContent,
   [...row.querySelectorAll('td')].map((cell) => cell.textContent)]))"""
_CAPTIONS = "[...document.querySelectorAll('figcaption')].map((caption) => caption.textContent)"
_TOO_WIDE = """[...document.body.querySelectorAll('*')]
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 0.5)
  .map((node) => node.outerHTML.slice(0, 80))"""
# Of each text that is seen: how its colour stands out from what is behind it, as WCAG 2 counts.
_CONTRASTS = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3)
    .map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return numbers(colour)[3] === 0 && node.parentElement ? behind(node.parentElement) : colour;
  };
  return [...document.body.querySelectorAll('*')]
    .filter((node) => node.checkVisibility() && node.closest('body > *:not(script, noscript)')
      && [...node.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim()))
    .map((node) => {
      const [dark, bright] = [light(getComputedStyle(node).color), light(behind(node))].sort(
        (a, b) => a - b);
      return [node.outerHTML.slice(0, 80), (bright + 0.05) / (dark + 0.05)];
    });
})()"""


class Page(unittest.TestCase):
    folder: ClassVar[Path]
    nats: ClassVar[NatsServer]
    address: ClassVar[str]
    browser: ClassVar[Browser]
    host: ClassVar[ExitStack]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = cls.enterClassContext(temporary_folder("page"))
        cls.nats = cls.enterClassContext(NatsServer())
        cls.address = f"127.0.0.1:{free_port()}"
        cls.browser = cls.enterClassContext(Browser())
        cls.host = cls.enterClassContext(ExitStack())
        cls.start_host()
        cls.browser.open(f"http://{cls.address}/")

    @classmethod
    def start_host(cls) -> None:
        settings = {
            "data_dir": cls.folder / "data",
            "admin.listen": cls.address,
            "nats.url": cls.nats.url,
            "services.event_gateway.listen": "127.0.0.1:0",
            "services.event_gateway.events_out": "false",
            **{f"services.{name}.enabled": "true" for name in _SERVICES},
        }
        log = cls.folder / "hangar.log"
        process = cls.host.enter_context(hangar_running(*flags(settings), log=log))
        Surface.of(process, cls.folder / "data", log)

    def setUp(self) -> None:
        self.browser.resize(1000, 800)
        self.browser.prefer("light")
        self.browser.wait(_STATE, lambda state: state == "ready")

    def tearDown(self) -> None:
        self.assertEqual(self.browser.complaints(), [])

    def test_a_browser_is_told_what_the_page_may_do(self) -> None:
        connection = HTTPConnection(self.address, timeout=10)
        self.addCleanup(connection.close)
        connection.request("HEAD", "/")
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.getheader("Content-Type"), "text/html; charset=utf-8")
        self.assertIn("default-src 'none'; ", answer.getheader("Content-Security-Policy", ""))
        # And holds to it: what is not in the page is not run.
        script = "document.createElement('script'), {textContent: 'window.isRun = true'}"
        self.browser.evaluate(f"document.head.append(Object.assign({script}))")
        self.assertIsNone(self.browser.evaluate("window.isRun"))
        [refused] = self.browser.complaints()
        self.assertIn("Content Security Policy", refused)
        self.browser.forget()

    def test_services_are_shown_with_state_and_rate(self) -> None:
        rows = self.browser.evaluate(_ROWS)
        self.assertEqual(set(rows), set(_SERVICES))
        self.assertEqual({state for state, *_ in rows.values()}, {"running"})
        self.assertEqual(rows["event_gateway"], ["running", "–", "–", "–"])
        with JetStream(self.nats.url) as stream:
            stream.publish("prefect.events.task-run", stream_lines(_EVENTS.read_bytes()))
        self.browser.wait(_CAPTIONS, lambda found: any(map(self._is_rate, found)))
        _, rate, lag, waiting = self.browser.evaluate(_ROWS)["task_run_recorder"]
        self.assertRegex(rate, r"^[\d.]+K?/s$")
        self.assertRegex(lag, r"^\d+ s$")
        self.assertRegex(waiting, r"^\d+$")
        line = "document.querySelector('section:not([hidden]) .line').getAttribute('d')"
        self.assertRegex(self.browser.evaluate(line), r"^M[\d.]+,[\d.]+L")

    @staticmethod
    def _is_rate(caption: str) -> bool:
        return caption.startswith("Rate ") and not caption.endswith((" 0/s", " "))

    def test_every_text_can_be_read_in_light_and_dark(self) -> None:
        seen = set()
        for scheme in ("light", "dark"):
            self.browser.prefer(scheme)
            seen.add(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
            contrasts = self.browser.evaluate(_CONTRASTS)
            self.assertGreater(len(contrasts), 20)
            for text, contrast in contrasts:
                with self.subTest(scheme=scheme, text=text):
                    self.assertGreaterEqual(contrast, 4.5)
        self.assertEqual(len(seen), 2)

    def test_fits_a_phone(self) -> None:
        for width in (320, 360):
            self.browser.resize(width, 700)
            with self.subTest(width=width):
                self.assertEqual(self.browser.evaluate("innerWidth"), width)
                self.assertEqual(self.browser.evaluate(_TOO_WIDE), [])

    def test_a_screen_reader_finds_a_table_headings_and_the_state(self) -> None:
        nodes = [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in self.browser.call("Accessibility.getFullAXTree")["nodes"]
            if not node["ignored"]
        ]
        self.assertIn(("table", "Services"), nodes)
        self.assertIn(("columnheader", "Rate"), nodes)
        headers = [name for role, name in nodes if role == "rowheader"]
        for service in _SERVICES:
            self.assertTrue(any(name.startswith(service) for name in headers), headers)
        self.assertIn(("heading", "The last quarter of an hour"), nodes)
        self.assertIn("status", [role for role, _ in nodes])

    def test_says_that_its_host_is_gone_and_goes_on_when_it_is_back(self) -> None:
        self.browser.evaluate("window.isSame = true")
        self.host.close()
        self.browser.wait(_STATE, lambda state: state == "no answer")
        self.assertIn("has not answered since", self._text("#lost"))
        self.assertEqual(self.browser.evaluate("document.title"), "Hangar: no answer")
        self.start_host()
        self.browser.wait(_STATE, lambda state: state == "ready")
        self.assertTrue(self.browser.evaluate("document.querySelector('#lost').hidden"))
        self.assertTrue(self.browser.evaluate("window.isSame"), "it was loaded again")

    def test_says_what_is_wrong(self) -> None:
        self.nats.stop()
        self.addCleanup(self.browser.wait, _STATE, lambda state: state == "ready")
        self.addCleanup(self.nats.start)
        self.browser.wait(_STATE, lambda state: state == "not ready")
        self.assertIn("nats: ", self._text("#failures"))
        self.assertIn("not connected", self._text("#broker"))

    def _text(self, selector: str) -> Any:
        return self.browser.evaluate(f"document.querySelector('{selector}').textContent")


if __name__ == "__main__":
    unittest.main()
