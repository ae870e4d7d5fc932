"""A flow with three task runs, to see that they are recorded: `python etc/docs/check_flow.py`."""

from prefect.flows import flow
from prefect.tasks import task


@task
def step(number: int) -> int:
    return number


@flow
def check() -> None:
    step.map(range(3)).wait()


if __name__ == "__main__":
    check()
