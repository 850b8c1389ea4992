"""What a labelling has come to: the set it makes, how far its passes agree, what is odd."""

from dataclasses import dataclass

from eval.agreement import (
    Agreement,
    Judge,
    LabelAgreement,
    SpotCheck,
    measure_agreement,
    measure_spot_check,
)
from eval.labelling.set_writer import write_set
from eval.labelling.workspace import Workspace
from eval.retrieval_set import CORPUS_FILE, QUERIES_FILE


@dataclass(frozen=True)
class Conclusion:
    """Where a labelling stands.

    Attributes:
        judged: items that each pass has fully judged, by its name.
        differing: items on which passes A and B differ.
        decided: those of them that the third reading decided.
        agreement: of passes A and B, before the third reading.
        spot_check: of a check, the share of labels that would change.
        written: files of the set that were written, relative to its folder.
        notices: what to know before using the set.
    """

    items: int
    judged: dict[str, int]
    differing: int
    decided: int
    agreement: dict[str, LabelAgreement]
    spot_check: SpotCheck | None
    written: tuple[str, ...]
    notices: tuple[str, ...]


def conclude(workspace: Workspace) -> Conclusion:
    """Write the set from what is judged, and measure.

    A set can be written at any time: it holds the items that are judged so far (of a retrieval
    labelling the queries whose whole pool is). A spot check writes no set.

    Raises:
        ConfigurationError: the folder cannot be written.
        CorruptData: a journal is damaged.
    """
    first, second, third = (workspace.judged(name) for name in ("A", "B", "third"))
    differing = workspace.differing()
    decided = sum(item in third for item in differing)
    groups = {item.id: item.group for item in workspace.items.items}
    agreement = measure_agreement(workspace.kind, first, second, groups)
    notices = []
    if len(differing) > decided:
        notices.append(
            f"{len(differing) - decided} items differ between the passes and are not decided; pass "
            "A stands there. Decide them with --adjudicate."
        )
    notices += [
        f"kappa of {label} is undefined: both passes gave one label to all {found.n} items"
        for label, found in agreement.items()
        if found.kappa is None
    ]
    written: tuple[str, ...] = ()
    spot_check = None
    if workspace.items.drawn.purpose == "check":
        spot_check = _spot_check(workspace)
    else:
        by: Judge = "person"
        files, odd = write_set(
            workspace.folder,
            workspace.items.drawn,
            workspace.items.items,
            workspace.labels(),
            queries=workspace.rows(QUERIES_FILE) if workspace.kind == "retrieval" else (),
            corpus=workspace.rows(CORPUS_FILE) if workspace.kind == "retrieval" else (),
            agreement=Agreement(
                passes=tuple(by for judged in (first, second) if judged),
                third_reading=by if decided else None,
                labels=agreement,
            ),
        )
        written = tuple(files)
        notices += odd
    return Conclusion(
        items=len(workspace.items.items),
        judged={"A": len(first), "B": len(second), "third": len(third)},
        differing=len(differing),
        decided=decided,
        agreement=agreement,
        spot_check=spot_check,
        written=written,
        notices=tuple(notices),
    )


def _spot_check(workspace: Workspace) -> SpotCheck | None:
    """The labels given now against those of the set; None before the first."""
    given = workspace.labels()
    if not given:
        return None
    items = workspace.items.items
    final = {item.id: item.row["labels"] for item in items}
    groups = {item.id: item.group for item in items}
    return measure_spot_check(workspace.kind, final, given, groups, "person")
