"""Fresh streams through the real Prefect recorder and through Hangar: nothing may differ.

    python3 tests/differential/run.py                 20 seeds, each on both storages
    python3 tests/differential/run.py --seed SEED     one of them again
    python3 tests/differential/run.py --stream FILE   a stream of one's own

A difference prints its seed, the smallest stream that shows it, and the cells that differ.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import queue
import random
import re
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential.candidate import Candidate, Plan, Recording
from differential.generate import generate
from differential.oracle import Oracle, Verdict
from differential.shrink import shrink
from support.flow_runs import flow_runs_in, stream_lines
from support.prefect_venv import RELEASES
from support.rows import compare_rows
from support.servers import PostgresServer

STORAGES = ("postgres", "sqlite")
_SHRINK_WITHIN = 180.0


@dataclass(frozen=True)
class Options:
    seeds: int = 20
    base: int | None = None
    jobs: int = 2
    storages: tuple[str, ...] = STORAGES
    releases: tuple[str, ...] = RELEASES
    """Of Prefect: each of the jobs has the next one."""
    shrink_within: float = _SHRINK_WITHIN


def joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def rejections(verdict: Verdict, recording: Recording) -> list[str]:
    """The lines that only one of both rejects."""
    said = dict(zip(verdict.rejected_lines, verdict.messages, strict=True))
    found = [
        f"line {line}: the reference rejects it, Hangar does not: {said[line][:500]}"
        for line in sorted(said.keys() - recording.dead_letters.keys())
    ]
    found += [
        f"line {line}: Hangar rejects it, the reference does not: {recording.dead_letters[line]}"
        for line in sorted(recording.dead_letters.keys() - said.keys())
    ]
    return found


def differences(stream: bytes, verdict: Verdict, recording: Recording) -> list[str]:
    """Everything in which Hangar is not the reference."""
    if recording.failure:
        return [recording.failure]
    cells = compare_rows(verdict.rows, recording.tables, stream=stream, recorded=recording.recorded)
    return rejections(verdict, recording) + [str(cell) for cell in cells]


# What PostgreSQL says of U+0000 and of names that an index has no room for.
_REFUSED_BY_POSTGRES_ALONE = re.compile(
    r": 0x00|unsupported Unicode escape sequence|index row (size|requires) \d+"
)


def for_sqlite(lines: list[bytes], verdict: Verdict) -> list[bytes]:
    """The stream without what PostgreSQL alone refuses: in its place stands what nobody takes."""
    refused = {
        line
        for line, message in zip(verdict.rejected_lines, verdict.messages, strict=True)
        if _REFUSED_BY_POSTGRES_ALONE.search(message)
    }
    return [b"null" if number in refused else line for number, line in enumerate(lines)]


class Comparing(Protocol):
    """What finds, and reduces, a difference between a reference and Hangar."""

    release: str
    without: frozenset[UUID]

    def compare(
        self, lines: list[bytes], plans: Iterable[Plan]
    ) -> list[tuple[Plan, list[str]]]: ...

    def smallest(
        self, lines: list[bytes], plan: Plan, within: float
    ) -> tuple[list[bytes], Plan]: ...


class Pair:
    """One oracle and one Hangar that work on the same streams.

    The flow runs in `without` have no row, so the events of their runs are orphans.
    """

    def __init__(self, oracle: Oracle, candidate: Candidate) -> None:
        self._oracle = oracle
        self.release = oracle.release
        self._candidate = candidate
        self.without: frozenset[UUID] = frozenset()

    def compare(self, lines: list[bytes], plans: Iterable[Plan]) -> list[tuple[Plan, list[str]]]:
        """What differs under each plan; nothing for a plan under which nothing does."""
        stream = joined(lines)
        verdict = self._oracle.record(stream, without=self.without)
        failed = []
        for plan in plans:
            taken = joined(for_sqlite(lines, verdict)) if plan.storage == "sqlite" else stream
            recording = self._candidate.record(taken, plan, without=self.without)
            if found := differences(stream, verdict, recording):
                failed.append((plan, found))
        return failed

    def smallest(self, lines: list[bytes], plan: Plan, within: float) -> tuple[list[bytes], Plan]:
        """The smallest stream, under the simplest plan, under which anything differs."""
        simple = dataclasses.replace(plan, batch_size=1, lanes=1)
        if self.compare(lines, [simple]):
            plan = simple
        return shrink(lines, lambda some: bool(self.compare(some, [plan])), within=within), plan


def report(
    pair: Comparing, title: str, lines: list[bytes], plan: Plan, found: list[str], within: float
) -> str:
    """The difference as one can work on it."""
    text = [f"{title} ({plan}): {len(found)} differences"]
    text += [f"  {one}" for one in found[:10]]
    if within > 0:
        small, plan = pair.smallest(lines, plan, within)
        again = pair.compare(small, [plan])
        text.append(f"smallest stream, {len(small)} of {len(lines)} lines ({plan}):")
        text += [f"  {line.decode(errors='backslashreplace')[:6000]}" for line in small]
        text += [f"  {one}" for _, cells in again for one in cells[:10]]
        if not again:
            text.append("  it does not fail every time: the order in which things happen matters")
    return "\n".join(text)


def _without(pair: Comparing) -> str:
    return f" without flow runs {', '.join(map(str, sorted(pair.without)))}" if pair.without else ""


def orphaned_flow_runs(seed: int, lines: list[bytes]) -> frozenset[UUID]:
    """In one seed of four, one or two flow runs that do not exist."""
    rng = random.Random(f"{seed} orphans")
    known = flow_runs_in(lines)
    if rng.random() > 0.25:
        return frozenset()
    return frozenset(rng.sample(known, k=min(len(known), rng.randrange(1, 3))))


def compare_seed(pair: Pair, seed: int, options: Options) -> list[str]:
    """The reports of a seed's differences."""
    lines = generate(seed)
    pair.without = orphaned_flow_runs(seed, lines)
    plans = [
        Plan.of(seed, one, pair.release, foreign_keys=bool(pair.without))
        for one in options.storages
    ]
    failed = pair.compare(lines, plans)
    title = f"SEED {seed} of Prefect {pair.release}{_without(pair)}"
    # One stream is shrunk once: the other storage mostly shows the same.
    return [
        report(pair, title, lines, plan, found, 0 if number else options.shrink_within)
        for number, (plan, found) in enumerate(failed)
    ]


def compare_seeds(seeds: list[int], options: Options, say: Callable[[str], None]) -> list[str]:
    """Compares each seed, `options.jobs` at a time; says and returns the reports of differences."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for seed in seeds:
        waiting.put(seed)
    reports: list[str] = []
    errors: list[BaseException] = []

    def work(pair: Pair) -> None:
        try:
            with contextlib.suppress(queue.Empty):
                while True:
                    seed = waiting.get_nowait()
                    found = compare_seed(pair, seed, options)
                    say("\n\n".join((f"seed {seed}: {'DIFFERS' if found else 'equal'}", *found)))
                    reports.extend(found)
        except BaseException as error:
            errors.append(error)

    # The servers start here: what a thread starts would end with it.
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(PostgresServer(fsync=False))
        threads = []
        for job in range(max(1, min(options.jobs, len(seeds)))):
            release = options.releases[job % len(options.releases)]
            oracle = stack.enter_context(Oracle(server, release))
            candidate = stack.enter_context(Candidate(server))
            threads.append(threading.Thread(target=work, args=[Pair(oracle, candidate)]))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    return reports


def fresh_seeds(options: Options, say: Callable[[str], None]) -> list[int]:
    base = random.SystemRandom().randrange(10**9) if options.base is None else options.base
    say(f"base seed {base}: seeds {base} to {base + options.seeds - 1}")
    return list(range(base, base + options.seeds))


def compare_file(path: Path, options: Options) -> list[str]:
    lines = stream_lines(path.read_bytes())
    with (
        PostgresServer(fsync=False) as server,
        Oracle(server, options.releases[0]) as oracle,
        Candidate(server) as candidate,
    ):
        pair = Pair(oracle, candidate)
        plans = [Plan(one, pair.release, 100, 2) for one in options.storages]
        failed = pair.compare(lines, plans)
        return [
            report(pair, path.name, lines, plan, found, options.shrink_within)
            for plan, found in failed
        ]


def main() -> int:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("--seeds", type=int, default=20, help="how many fresh seeds")
    words.add_argument("--base", type=int, help="the first of them, instead of a random one")
    words.add_argument("--seed", type=int, help="this seed alone")
    words.add_argument("--stream", type=Path, help="this file instead of a seed's stream")
    words.add_argument("--jobs", type=int, default=2, help="seeds at the same time")
    words.add_argument("--storage", choices=STORAGES, help="this storage alone")
    words.add_argument("--release", choices=RELEASES, help="this release of Prefect alone")
    words.add_argument(
        "--shrink-within", type=float, default=_SHRINK_WITHIN, help="seconds; 0 does not shrink"
    )
    chosen = words.parse_args()
    options = Options(
        1 if chosen.seed is not None else chosen.seeds,
        chosen.seed if chosen.seed is not None else chosen.base,
        chosen.jobs,
        (chosen.storage,) if chosen.storage else STORAGES,
        (chosen.release,) if chosen.release else RELEASES,
        chosen.shrink_within,
    )

    def say(text: str) -> None:
        print(text, flush=True)

    if chosen.stream:
        reports = compare_file(chosen.stream, options)
        say("\n\n".join(reports) or "equal")
    else:
        reports = compare_seeds(fresh_seeds(options, say), options, say)
    return 1 if reports else 0


if __name__ == "__main__":
    sys.exit(main())
