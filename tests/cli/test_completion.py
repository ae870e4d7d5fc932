"""What shells complete, and the manual page: every command and every flag of `--help`."""

from __future__ import annotations

import re
import subprocess
import unittest
from typing import ClassVar

from support.program import hangar

_COMPLETE = """
eval "$1"; shift
COMP_WORDS=(hangar "$@")
COMP_CWORD=$#
_hangar
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _help(*words: str) -> str:
    done = hangar(*words, "--help")
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


def _all_help(*words: str) -> dict[tuple[str, ...], str]:
    """Of every command below these words, by its words."""
    text = _help(*words)
    found = {words: text}
    _, _, listed = re.split(r"(?im)^(sub)commands:$", text) if _has_commands(text) else ("", "", "")
    for name in re.findall(r"(?m)^  ([a-z]\S*)", listed):
        found |= _all_help(*words, name)
    return found


def _has_commands(text: str) -> bool:
    return re.search(r"(?im)^subcommands:$", text) is not None


def _flags(text: str) -> set[str]:
    options = re.split(r"(?im)^subcommands:$|^Settings, for", text)[0]
    # A flag that may have a value is followed by the one that it has without: `--wait{60}`.
    lines = re.findall(r"(?m)^ +(-[^\s{]+)", options)
    return {flag for line in lines for flag in line.split(",")}


class Completion(unittest.TestCase):
    helps: ClassVar[dict[tuple[str, ...], str]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.helps = _all_help()

    def script(self, shell: str) -> str:
        done = hangar("completion", shell)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def offered(self, script: str, *words: str) -> set[str]:
        command = ["bash", "-euc", _COMPLETE, "bash", script, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return set(done.stdout.split())

    def test_bash_offers_every_command_and_flag_where_it_stands(self) -> None:
        script = self.script("bash")
        self.assertGreater(len(self.helps), 20)
        for words, text in self.helps.items():
            within = {other[-1] for other in self.helps if other[:-1] == words and other}
            with self.subTest(words=words):
                self.assertLessEqual(within | _flags(text), self.offered(script, *words, ""))
        self.assertEqual(self.offered(script, "dl"), {"dlq"})
        self.assertEqual(self.offered(script, "--config", "x.yaml", "dlq", "re"), {"replay"})
        self.assertEqual(self.offered(script, "dlq", "ls", "-o", ""), {"table", "json"})
        self.assertEqual(self.offered(script, "dlq", "ls", "--service", ""), set())
        self.assertEqual(self.offered(script, "completion", "f"), {"fish"})

    def test_the_other_shells_know_every_command_and_flag(self) -> None:
        zsh, fish = self.script("zsh"), self.script("fish")
        for words, text in self.helps.items():
            here = " ".join(("hangar", *words))
            part = zsh.split(f"  ('{here}')\n")[1].split(";;")[0]
            lines = [line for line in fish.splitlines() if f'"{here}"' in line]
            for flag in _flags(text):
                with self.subTest(words=words, flag=flag):
                    self.assertIn(f"'{flag}:", part)
                    form = f" -l {flag[2:]} " if flag.startswith("--") else f" -s {flag[1:]} "
                    self.assertTrue(any(form in line for line in lines), lines)
            if words:
                above = " ".join(("hangar", *words[:-1]))
                self.assertRegex(fish, rf'__hangar_at "{above}"\' -f -a {words[-1]} -d .')
                self.assertRegex(zsh.split(f"  ('{above}')\n")[1], rf"'{words[-1]}:.")

    def test_a_shell_that_is_not_known_is_a_usage_error(self) -> None:
        done = hangar("completion", "tcsh")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("'tcsh' is neither bash nor zsh nor fish", done.stderr)

    def test_the_manual_page_has_the_help_of_every_command(self) -> None:
        page = hangar("manual").stdout.replace("\\&", "").replace("\\-", "-").replace("\\e", "\\")
        for words, text in self.helps.items():
            if not words or not _has_commands(text):
                with self.subTest(words=words):
                    self.assertIn(text.rstrip(), page)


if __name__ == "__main__":
    unittest.main()
