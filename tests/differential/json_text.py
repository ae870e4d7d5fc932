"""JSON trees that keep what an ordinary parser throws away: number spelling and repeated keys."""

from __future__ import annotations

import json
from typing import Any

Tree = Any


class Raw(str):
    """A piece of JSON text to be written as it is."""

    __slots__ = ()


class Members(list[tuple[str, Tree]]):
    """The members of an object in order, keys as often as they came."""

    def get(self, key: str) -> Tree:
        """The last one's value, as the reference reads it."""
        return next((value for name, value in reversed(self) if name == key), None)

    def set(self, key: str, value: Tree) -> None:
        """One member of that key, where the last one was."""
        for index in range(len(self) - 1, -1, -1):
            if self[index][0] == key:
                self[index] = (key, value)
                return
        self.append((key, value))

    def remove_key(self, key: str) -> None:
        self[:] = [member for member in self if member[0] != key]


def members(tree: Tree) -> Tree:
    """The same tree with `Members` for every dict."""
    if isinstance(tree, dict):
        return Members((key, members(value)) for key, value in tree.items())
    if isinstance(tree, list) and not isinstance(tree, Members):
        return [members(value) for value in tree]
    return tree


def encode(tree: Tree, *, ascii_only: bool = True) -> bytes:
    """The JSON text; a lone surrogate becomes an escape, or bytes that are not UTF-8."""
    return _text(tree, ascii_only).encode("utf-8", "surrogatepass")


def _text(tree: Tree, ascii_only: bool) -> str:
    if isinstance(tree, Raw):
        return str(tree)
    if isinstance(tree, dict):
        tree = Members(tree.items())
    if isinstance(tree, Members):
        inner = (
            f"{json.dumps(key, ensure_ascii=ascii_only)}: {_text(value, ascii_only)}"
            for key, value in tree
        )
        return "{" + ", ".join(inner) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(_text(value, ascii_only) for value in tree) + "]"
    return json.dumps(tree, ensure_ascii=ascii_only)


def decode(line: bytes) -> Tree:
    """The tree of a JSON text; ValueError or RecursionError for anything else."""
    return json.loads(
        line, object_pairs_hook=Members, parse_int=Raw, parse_float=Raw, parse_constant=Raw
    )
