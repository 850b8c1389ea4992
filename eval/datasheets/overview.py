"""`eval/datasets/README.md`: what is there, all counts, agreement in one line a set."""

from collections.abc import Sequence

from eval.agreement import Agreement
from eval.datasheets.counts import Counts
from eval.datasheets.sheet import who_judged
from eval.datasheets.table import Table, interval_text

_HEAD = (
    "<!-- written by `msp data sheets --write`, not by hand -->\n\n# Judged sets\n\n"
    "What the evaluations measure against. **All texts are synthetic and the labels are "
    "model-assisted**; each set's README says how it was made, how far its passes agree and how "
    "hard it is. How labels are given: [protocol](protocol.md). For your own tickets: `msp label "
    "routing` and `msp label retrieval`."
)


def overview(sets: Sequence[tuple[str, Counts, Agreement | None]]) -> str:
    """The page.

    Args:
        sets: name, counts and agreement of each.
    """
    counts_table = Table(
        "",
        ("set", "items", "n", "by split"),
        [
            (
                f"[{name}]({name}/README.md)",
                counts.what,
                f"{sum(counts.items.values()):,}",
                ", ".join(f"{split} {count:,}" for split, count in counts.items.items()),
            )
            for name, counts, _ in sets
        ],
    )
    parts = [_HEAD, "## Counts", counts_table.markdown(), "## Agreement"]
    parts.append("\n".join(f"- **{name}**: {who_judged(agreed)}" for name, _, agreed in sets))
    rows = [
        (f"{name}: {label}", f"{found.n:,}", interval_text(found.kappa, found.low, found.high))
        for name, _, agreed in sets
        if agreed is not None
        for label, found in agreed.labels.items()
    ]
    if rows:
        parts.append(Table("", ("label", "n", "Cohen's kappa (95% interval)"), rows).markdown())
    return "\n\n".join(parts) + "\n"
