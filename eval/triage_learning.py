"""Learn a triage from a judged set."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from eval.set_vectors import VECTORS_FILE, training_embedder
from eval.triage_set import TriageLabel, TriageSet, read_triage_set
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.embedding_cache import write_cache
from msp_core.tickets.ticket import Ticket
from msp_core.tickets.triage_model import TriageModel, TriageTrainedOn, message_of
from msp_core.tickets.triage_training import LabelledTicket, train_triage


def train_on_set(
    folder: Path,
    tickets: Mapping[str, Ticket],
    embedder: Embedder,
    *,
    split: str = "train",
    precision: float,
) -> TriageModel:
    """The triage of one split of a set, with the vectors that the set brings along.

    Raises:
        MspError: see `read_triage_set` and `train_triage`.
    """
    data = read_triage_set(folder, tickets, split=split)
    return train_triage(
        [labelled(label) for label in data.labels],
        training_embedder(embedder, folder).embed,
        embedder_id=embedder.model_id,
        trained_on=_trained_on(data),
        precision=precision,
    )


def write_triage_vectors(folder: Path, embedder: Embedder, labels: Sequence[TriageLabel]) -> None:
    """Write `vectors.npz` of the tickets: each message, and each title alone."""
    texts = [message_of(label.ticket) for label in labels]
    texts += [label.ticket.title for label in labels]
    write_cache(folder / VECTORS_FILE, embedder, texts)


def labelled(label: TriageLabel) -> LabelledTicket:
    """A row of the set, to learn from."""
    return LabelledTicket(
        label.ticket, label.category.value, label.priority.value, label.team, label.duplicate_of
    )


def _trained_on(data: TriageSet) -> TriageTrainedOn:
    customers = {label.ticket.customer_id for label in data.labels}
    return TriageTrainedOn(data.name, data.split, data.sha256, len(data.labels), len(customers))
