"""Seeded streams more hostile than the vectors: `generate(seed)` is a pure function.

Most events are what a client would send, so that runs live and collide; the others carry one to
three mutations. Each seed leaves some kinds of mutation out and stresses others, because a stream
with everything in it hides what two rare things do to each other.

    python3 tests/differential/generate.py SEED > stream.jsonl
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential.json_text import encode, members
from differential.mutations import MUTATIONS, Mutation
from differential.world import World, client_event


def _damaged(rng: random.Random, line: bytes) -> bytes:
    """Bytes that are not one JSON object, or nearly not."""
    at = rng.randrange(len(line))
    depth = rng.choice((199, 200, 201, 10_000))
    return rng.choice(
        (
            *(line[:at], line[:at] + line[at + 1 :], line + b"}", line + line, b"[" + line + b"]"),
            *(
                b"\xef\xbb\xbf" + line,
                line.replace(b"e", b"\xff", 1),
                line[:-1] + b",}",
                b" " + line,
            ),
            *(
                line + b" \t",
                b"\t" + line,
                line.replace(b": ", b":\xc2\xa0", 1),
                b"null",
                b"1",
                b'""',
            ),
            *(
                b"[]",
                b"{}",
                b" ",
                b"not json",
                b"\x00",
                line + b"\x00",
                b"\xff\xfe{\x00}\x00",
                b"{",
            ),
            *(b"[" * depth + b"]" * depth, b"[" * depth, b'{"a":' * depth + b"1" + b"}" * depth),
            *(line.replace(b"\\u00ef", b"\xc3", 1), line.replace(b"\\u00ef", b"\xed\xa0\x80", 1)),
            *(line.replace(b"\\u00ef", b"\\ud800", 1), line.replace(b"\\u00ef", b"\xc0\xaf", 1)),
            *(
                line.replace(b'"', b"'"),
                line.replace(b'"payload"', b'"Payload"'),
                b"//\n"[:2] + line,
            ),
            *(line.replace(b'"payload"', b'"\\u0070ayload"'), line.replace(b"null", b"NaN", 1)),
        )
    )


def _event(world: World, kinds: dict[Mutation, int], rate: float) -> bytes:
    rng = world.rng
    event = members(client_event(world, rng.choice(world.runs)))
    if rng.random() < rate:
        count = rng.choices((1, 2, 3), (75, 20, 5))[0]
        for mutation in rng.choices(list(kinds), list(kinds.values()), k=count):
            mutation(world, event)
    if rng.random() < 0.05:
        rng.shuffle(event)
    return encode(event, ascii_only=rng.random() < 0.7)


def generate(seed: int) -> list[bytes]:
    """The stream of a seed, 100 to 300 lines without their newlines."""
    rng = random.Random(seed)
    world = World.of(rng)
    kept = [(kind, weight) for kind, weight in MUTATIONS.items() if rng.random() < 0.75]
    kinds = dict(kept) or dict(MUTATIONS)
    rate, again, damage = rng.uniform(0.15, 0.75), rng.uniform(0, 0.15), rng.uniform(0, 0.06)
    while len(world.lines) < 100 or (len(world.lines) < 300 and rng.random() < 0.993):
        if world.lines and rng.random() < again:
            line = rng.choice(world.lines)
        else:
            line = _event(world, kinds, rate)
        if rng.random() < damage:
            line = _damaged(rng, line)
        # A newline ends a message of a .jsonl file, and an empty one is not worth a message.
        world.lines.append(line.replace(b"\n", b"") or b"{}")
    return world.lines


if __name__ == "__main__":
    sys.stdout.buffer.write(b"".join(line + b"\n" for line in generate(int(sys.argv[1]))))
