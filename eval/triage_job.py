"""Runs the triage suite on the desk of these services."""

from pathlib import Path

from eval.dataset import find_dataset
from eval.datasheets.sheets import tickets_by_id
from eval.provenance import RunContext
from eval.result import SuiteRun
from eval.set_vectors import training_embedder
from eval.triage import Desk, evaluate_triage
from eval.triage_set import read_triage_set
from msp_core.bootstrap import Services
from msp_core.bootstrap.knowledge import classifier_embedder
from msp_core.errors import UsageError
from msp_core.tickets.triage import Triage
from msp_core.tickets.triage_file import default_triage_model, read_triage_model

LEARNT_SPLIT = "train"


def run_triage_job(
    services: Services,
    *,
    dataset: str,
    split: str | None,
    model_file: Path | None = None,
    context: RunContext,
) -> SuiteRun:
    """Evaluate the shipped triage, or that of a file, on one split of a set.

    Raises:
        UsageError: there is no such set or split, or no split `train` for the baselines.
        MspError: the set or the model is malformed.
    """
    folder = find_dataset(dataset)
    tickets = tickets_by_id(services.data_dir)
    data = read_triage_set(folder, tickets, split=split)
    try:
        learnt = read_triage_set(folder, tickets, split=LEARNT_SPLIT).labels
    except UsageError as error:
        raise UsageError(
            f"The baselines learn from the split {LEARNT_SPLIT!r}, which {data.name} does not have."
        ) from error
    model = default_triage_model() if model_file is None else read_triage_model(model_file)
    embedder = training_embedder(classifier_embedder(services.settings, services.embedder), folder)
    return evaluate_triage(
        data,
        learnt,
        Triage(model, embedder.embed, embedder_id=embedder.model_id),
        embedder,
        Desk(services.customers, services.teams, tickets),
        context=context,
    )
