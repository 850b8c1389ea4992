"""The generated block of a datasheet, and where it stands in the README."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from eval.agreement import Agreement, Judge
from eval.datasheets.counts import Counts
from eval.datasheets.table import Table, interval_text
from eval.files import write_lines
from msp_core.errors import InvalidInput

BEGIN = "<!-- figures: written by `msp data sheets --write`, not by hand -->"
END = "<!-- end of figures -->"
README = "README.md"
_WHO: Mapping[Judge, str] = {"model": "a language model", "person": "a person"}


def block(counts: Counts, agreement: Agreement | None, hardness: Table | None) -> str:
    """The block between its marks, marks included.

    Args:
        agreement: None when nobody measured any.
        hardness: None when it was not computed.
    """
    parts = [BEGIN, *(table.markdown() for table in counts.tables)]
    parts += _agreement(agreement)
    if hardness is not None:
        parts += [
            hardness.markdown(),
            "With 95% intervals over customers. Reported, not selected for: no item was dropped "
            "or changed because a method finds it easy or hard.",
        ]
    return "\n\n".join([*parts, END]) + "\n"


def put_block(text: str, new: str, *, where: str) -> str:
    """The text with the block in place of the one between the marks.

    Raises:
        InvalidInput: the marks do not stand there once each, in order.
    """
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin or text.count(BEGIN) > 1 or text.count(END) > 1:
        raise InvalidInput(
            f"{where} does not say where its figures go. Put these two lines where they belong, "
            f"once:\n{BEGIN}\n{END}"
        )
    return text[:begin] + new.rstrip("\n") + text[end + len(END) :]


def write_block(folder: Path, new: str) -> None:
    """Put the block into the folder's README.

    Raises:
        InvalidInput: there is no README, or it lacks the marks.
        ConfigurationError: it cannot be written.
    """
    path = folder / README
    if not path.is_file():
        raise InvalidInput(f"{path} is not there. Write one, with the lines\n{BEGIN}\n{END}")
    text = path.read_text(encoding="utf-8")
    write_lines(path, [put_block(text, new, where=str(path))])


def who_judged(agreement: Agreement | None) -> str:
    """A sentence on who made the labels."""
    if agreement is None:
        return "No agreement was measured."
    passes = agreement.passes
    if not passes:
        return "Who labelled it is not recorded."
    if len(passes) == 1:
        return f"One pass by {_WHO[passes[0]]}; so no agreement can be measured."
    both = " and ".join(_WHO[judge] for judge in passes)
    text = f"Two passes without sight of each other, by {both}"
    if agreement.third_reading is not None:
        text += f"; where they differ, a third reading by {_WHO[agreement.third_reading]} decided"
    people = {*passes, agreement.third_reading, *(check.judge for check in agreement.spot_checks)}
    if "person" not in people:
        text += ". **Both passes came from models and no human checked them**"
    return text + "."


def _agreement(agreement: Agreement | None) -> Iterator[str]:
    yield "### Agreement"
    yield who_judged(agreement)
    if agreement is None:
        return
    if agreement.labels:
        yield Table(
            "",
            ("label", "n", "equal", "Cohen's kappa (95% interval)"),
            [
                (
                    label,
                    f"{found.n:,}",
                    f"{found.agreed:.0%}",
                    interval_text(found.kappa, found.low, found.high),
                )
                for label, found in agreement.labels.items()
            ],
        ).markdown()
        yield (
            "Of the two passes as they were, before any third reading; linear weights for labels "
            "with an order. A dash: undefined, one label for all."
        )
    if agreement.spot_checks:
        yield Table(
            "",
            ("spot check by", "n", "would change (95% interval)", "by label"),
            [
                (
                    _WHO[check.judge],
                    f"{check.n:,}",
                    interval_text(check.changed, check.low, check.high),
                    ", ".join(f"{label} {share:.0%}" for label, share in check.by_label.items()),
                )
                for check in agreement.spot_checks
            ],
        ).markdown()
