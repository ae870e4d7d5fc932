"""What a person gets wrong at first: `config check` says what, where, and what to do."""

from __future__ import annotations

import unittest

from support.program import flags, hangar
from support.temporary import temporary_folder


class Mistakes(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("mistakes"))

    def test_each_is_said_with_what_mends_it(self) -> None:
        for settings, said in (
            (
                {"plugins.path": "[/opt/ours,/opt/theirs]"},
                "plugins.path: '[/opt/ours' is no path: outside of a file, folders stand without "
                "brackets, with a comma between two",
            ),
            (
                {"storage.url": f"/{'x' * 300}/rows.db"},
                ": File name too long: let this user look into its folder, or name another path",
            ),
            (
                {"services.task_run_recorder.strem": "EVENTS"},
                "unknown key 'services.task_run_recorder.strem' (did you mean "
                "'services.task_run_recorder.stream'?)",
            ),
        ):
            with self.subTest(settings=settings):
                chosen = {"data_dir": self.folder / "data", **settings}
                done = hangar("config", "check", *flags(chosen))
                self.assertEqual(done.returncode, 78, done.stdout + done.stderr)
                self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()
