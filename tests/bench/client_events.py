"""Events of the size that real clients send: `python3 -m bench.client_events COPIES FILE`.

The golden `plain` stream is of flows without a deployment. Those of a deployed flow also name the
deployment, its work pool, queue and worker, and tasks have parameters, upstream tasks and labels.
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any

from support.copies import copied_events
from support.flow_runs import stream_lines

PLAIN = Path(__file__).resolve().parents[1] / "golden" / "plain.jsonl"
AT_ONCE = 8  # Flows that run at the same time.
_SPACE = uuid.UUID("00000000-0000-4000-8000-00000000be4c")


def _resource(kind: str, name: str) -> dict[str, str]:
    return {
        "prefect.resource.id": f"prefect.{kind}.{uuid.uuid5(_SPACE, name)}",
        "prefect.resource.role": kind,
        "prefect.resource.name": name,
    }


_RELATED = [
    _resource("deployment", "nightly-sales-report"),
    _resource("work-queue", "default"),
    _resource("work-pool", "kubernetes-production"),
]


def _of_deployed_flow(line: bytes) -> bytes:
    event: dict[str, Any] = json.loads(line)
    event["related"] += _RELATED
    task_run = event["payload"]["task_run"]
    upstream = str(uuid.uuid5(_SPACE, event["resource"]["prefect.resource.id"]))
    task_run["task_inputs"] = {
        "rows": [{"input_type": "task_run", "id": upstream}],
        "since": [{"input_type": "parameter", "name": "since"}],
    }
    task_run["labels"] = {
        "prefect.deployment.id": _RELATED[0]["prefect.resource.id"].rpartition(".")[2],
        "team": "sales-analytics",
    }
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def client_events() -> list[bytes]:
    """The events of a few flow runs, in the order in which they were sent."""
    return [_of_deployed_flow(line) for line in stream_lines(PLAIN.read_bytes())]


def main(copies: int, file: Path) -> None:
    events = copied_events(client_events(), copies, seed=1, at_once=AT_ONCE)
    file.write_bytes(b"".join(event + b"\n" for event in events))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
