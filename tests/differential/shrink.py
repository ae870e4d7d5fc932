"""The smallest stream that still shows a difference: fewer lines first, then smaller events."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from differential.json_text import Members, Tree, decode, encode

Item = TypeVar("Item")
Fails = Callable[[list[bytes]], bool]


class OutOfTimeError(Exception):
    """What was found so far is small enough."""


def fewest(items: Sequence[Item], fails: Callable[[list[Item]], bool]) -> list[Item]:
    """Delta debugging: no one of the items that are left can be spared."""
    kept = list(items)
    size = (len(kept) + 1) // 2
    while size >= 1 and kept:
        start, spared = 0, False
        while start < len(kept):
            rest = kept[:start] + kept[start + size :]
            if fails(rest):
                kept, spared = rest, True
            else:
                start += size
        if size > 1:
            size = max(1, min(size // 2, len(kept) // 2))
        elif not spared:
            break
    return kept


def _smallest(tree: Tree, fails: Callable[[Tree], bool]) -> Tree:
    """The tree with every part gone that can be spared; `tree` must fail."""
    if isinstance(tree, Members):
        tree = Members(fewest(tree, lambda some: fails(Members(some))))
        for index in range(len(tree)):
            key, value = tree[index]

            def with_member(less: Tree, at: int = index, key: str = key) -> bool:
                return fails(Members([*tree[:at], (key, less), *tree[at + 1 :]]))

            tree[index] = (key, _smallest(value, with_member))
    elif isinstance(tree, list):
        tree = fewest(tree, fails)
        for index in range(len(tree)):

            def with_element(less: Tree, at: int = index) -> bool:
                return fails([*tree[:at], less, *tree[at + 1 :]])

            tree[index] = _smallest(tree[index], with_element)
    elif type(tree) is str and len(tree) > 40:
        tree = "".join(fewest(tree, lambda some: fails("".join(some))))
    return tree


def _smallest_event(line: bytes, fails: Callable[[bytes], bool]) -> bytes:
    try:
        tree = decode(line)
    except (ValueError, RecursionError):
        return line
    # First whether it is the event that matters, and not how its bytes were written.
    if not fails(encode(tree)):
        return line
    return encode(_smallest(tree, lambda some: fails(encode(some))))


def shrink(lines: list[bytes], fails: Fails, *, within: float) -> list[bytes]:
    """A stream that fails too, as small as `within` seconds allow; `lines` must fail."""
    deadline = time.monotonic() + within
    best = lines

    def noted(candidate: list[bytes]) -> bool:
        nonlocal best
        if time.monotonic() > deadline:
            raise OutOfTimeError
        failed = fails(candidate)
        if failed:
            best = candidate
        return failed

    def with_event(index: int) -> Callable[[bytes], bool]:
        return lambda line: noted([*best[:index], line, *best[index + 1 :]])

    with contextlib.suppress(OutOfTimeError):
        fewest(lines, noted)
        for index in range(len(best)):
            _smallest_event(best[index], with_event(index))
    return best
