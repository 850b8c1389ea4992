"""The main job: every numbered notebook in turn, then one report."""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from eval.dataset import DATASETS
from eval.provenance import RunContext, public_settings
from eval.result import write_result
from eval.triage_job import run_triage_job
from eval.weak_labels import weak_retrieval_set
from msp_core.bootstrap import Services, build_services
from msp_core.checkout import require_checkout
from msp_core.clock import to_iso
from msp_core.errors import ConfigurationError, Conflict, MspError
from msp_core.loading import DataFolder, read_data
from msp_core.settings import Settings

SHIPPED_NOTE = (
    "The shipped tickets, articles, queries and labels are synthetic and model-written; no human"
    " checked the labels. Nothing here was measured on a real AWS account."
)
USER_NOTE = (
    "Tickets and articles are the user's own ({name}): {tickets} tickets of {customers} customers,"
    " {articles} articles."
)
NO_RETRIEVAL_NOTE = (
    " For figures of retrieval, put a judged set into datasets/retrieval (`msp label retrieval`"
    " makes one) or let resolutions name articles by their ids."
)
NO_ROUTING_NOTE = (
    " For figures of routing, put labelled turns into datasets/routing (`msp label routing` makes"
    " them)."
)
WEAK_NOTE = (
    " Retrieval is measured against weak labels: the articles that resolutions cite. What was not"
    " cited may be just as good."
)

Progress = Callable[[str, int, int], None]
"""Called with (notebook, its number from 1, notebooks in all) before each one runs."""


@dataclass(frozen=True)
class DemoResult:
    """Where the demo left what, and the report as data."""

    folder: Path
    report: dict[str, Any]


Plan = list[tuple[str, Mapping[str, object]]]
"""Which notebooks run, each with its parameters."""


def run_demo(settings: Settings, *, data_dir: Path | None, progress: Progress) -> DemoResult:
    """Run the notebooks on their own state and write the report below `reports/`.

    The previous report stays until the new one is complete.

    Args:
        settings: the user's; the demo's state is a folder of its own below the state folder.
        data_dir: a user's data folder; None for the shipped one.
        progress: told of each notebook.

    Raises:
        Conflict: another demo is running on this state.
        MspError: a notebook failed; says which, where and why.
    """
    root = require_checkout("The demo")
    name = (
        "demo"
        if data_dir is None
        else f"demo-{re.sub('[^a-z0-9]+', '-', data_dir.resolve().name.lower())}"
    )
    services = build_services(
        replace(settings, state_dir=settings.state_dir / name), data_dir=data_dir
    )
    data = read_data(services.data_dir, tuple(services.customers))
    target = root / "reports" / name
    with _one_at_a_time(services.settings.state_dir):
        work = target.with_name(f"{name}.part")
        shutil.rmtree(work, ignore_errors=True)
        (work / "notebooks").mkdir(parents=True)
        plan = _plan(services, data, work, shipped=data_dir is None)
        environment = _environment(services, data, shipped=data_dir is None)
        _measure_triage(services, work, shipped=data_dir is None)
        for number, (notebook, parameters) in enumerate(plan, start=1):
            progress(notebook, number, len(plan))
            execute(
                root / "notebooks" / f"{notebook}.ipynb",
                work / "notebooks",
                parameters,
                environment,
            )
        report = json.loads((work / "report.json").read_text(encoding="utf-8"))
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    return DemoResult(target, report)


def execute(
    notebook: Path, out: Path, parameters: Mapping[str, object], environment: Mapping[str, str]
) -> Path:
    """Run a notebook with papermill and return the executed copy.

    Args:
        notebook: the committed one.
        out: folder for the copy.
        parameters: must be declared in its parameters cell; papermill itself would only warn.
        environment: variables set for its kernel.

    Raises:
        MspError: it failed; says in which cell, and why.
        ValueError: a parameter that the notebook does not declare.
    """
    import papermill

    declared = papermill.inspect_notebook(str(notebook))
    if unknown := parameters.keys() - declared.keys():
        raise ValueError(f"{notebook.name} has no parameter {', '.join(sorted(unknown))}")
    target = out / notebook.name
    with _variables(environment):
        try:
            papermill.execute_notebook(
                str(notebook),
                str(target),
                dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                kernel_manager_class=_private_kernel_manager(),
            )
        except papermill.PapermillExecutionError as error:
            raise MspError(
                f"{notebook.name} failed in cell {error.cell_index}: {error.ename}: {error.evalue}."
                f" The executed copy with the whole traceback: {target}"
            ) from error
    return target


def _private_kernel_manager() -> type:
    """Kernels that are spoken to through files of this user; TCP ports are open to all users."""
    from jupyter_client.manager import AsyncKernelManager

    class PrivateKernelManager(AsyncKernelManager):
        transport = "ipc"

    return PrivateKernelManager


def _plan(services: Services, data: DataFolder, work: Path, *, shipped: bool) -> Plan:
    data_dir = "" if shipped else str(services.data_dir)
    sets = DATASETS if shipped else services.data_dir / "datasets"
    common = {"DATA_DIR": data_dir, "STATE_DIR": str(services.settings.state_dir)}
    runs: Plan = [
        (name, {**common, "REPORT_PATH": str(work / f"{name[:2]}.json")})
        for name in ("00_start_here", "02_ingest", "05_agent")
    ]
    measured = {"DATA_DIR": data_dir, "OUT_DIR": str(work)}
    note = SHIPPED_NOTE if shipped else _user_note(services, data)
    if (sets / "retrieval").is_dir():
        dataset = {"DATASET": str(sets / "retrieval"), "SPLIT": _test_split(sets / "retrieval")}
        runs.append(("06_benchmark_retrieval", {**measured, **dataset}))
    elif weak_retrieval_set(data, services.data_dir.name) is not None:
        runs.append(("06_benchmark_retrieval", {**measured, "DATASET": "weak"}))
        note += WEAK_NOTE
    if (sets / "routing").is_dir():
        dataset = {"DATASET": str(sets / "routing"), "SPLIT": "test" if shipped else ""}
        runs.append(("07_benchmark_routing", {**measured, **dataset}))
    runs.append(
        ("08_compare_reports", {"RESULTS_DIR": str(work), "OUT_DIR": str(work), "DATA_NOTE": note})
    )
    return runs


def _measure_triage(services: Services, work: Path, *, shipped: bool) -> None:
    """Leave the triage suite's result where the report looks for it, if there is a judged set."""
    dataset = DATASETS / "triage" if shipped else services.data_dir / "datasets" / "triage"
    if not dataset.is_dir():
        return
    context = RunContext(settings=public_settings(services.settings), clock=services.clock)
    split = "test" if shipped else None
    run = run_triage_job(services, dataset=str(dataset), split=split, context=context)
    write_result(work / "triage", run.result, run.items)


def _user_note(services: Services, data: DataFolder) -> str:
    """What a user's own folder holds, and what it lacks for figures of quality."""
    name = services.data_dir.name
    note = USER_NOTE.format(
        name=name,
        tickets=len(data.tickets),
        customers=len({ticket.customer_id for ticket in data.tickets}),
        articles=len(data.articles),
    )
    sets = services.data_dir / "datasets"
    if not (sets / "retrieval").is_dir() and weak_retrieval_set(data, name) is None:
        note += NO_RETRIEVAL_NOTE
    if not (sets / "routing").is_dir():
        note += NO_ROUTING_NOTE
    return note


def _test_split(dataset: Path) -> str:
    return "test" if (dataset / "qrels" / "test.tsv").is_file() else ""


def _environment(services: Services, data: DataFolder, *, shipped: bool) -> dict[str, str]:
    """The kernel's variables: shipped data is read on the day of its newest ticket change."""
    if not shipped or services.settings.now is not None or not data.tickets:
        return {}
    return {"MSP_NOW": to_iso(max(ticket.updated_at for ticket in data.tickets))}


@contextmanager
def _one_at_a_time(state_dir: Path) -> Iterator[TextIO]:
    """Hold the demo's lock; the system lets go of it however this process ends."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        handle = (state_dir / "demo.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The state folder {state_dir} cannot be written ({error.strerror}). "
            "Set MSP_STATE_DIR to a folder that you may write."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"Another demo is running on {state_dir}. Wait until it is done, or set"
                " MSP_STATE_DIR to another folder."
            ) from error
        yield handle


@contextmanager
def _variables(environment: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the kernels that start within."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
