"""What the report says about triage."""

from typing import Any

from eval.reporting.figure import find_figure
from eval.result import SuiteRun
from eval.triage import NEAREST, TRIAGE
from eval.triage_baselines import FIELDS

SYSTEM_ORDER = ("majority", NEAREST, TRIAGE, "people")
FOUND = (
    "duplicate_precision",
    "duplicate_recall",
    "duplicate_false_alarms",
    "similar_coverage",
    "similar_precision",
)
TRUST = ("f1_over_nearest", "ece", "sure_coverage", "sure_precision")


def triage_section(run: SuiteRun) -> dict[str, Any]:
    """The section as data.

    Args:
        run: of the suite `triage`.
    """
    result = run.result
    present = {metric.system for metric in result.metrics}
    systems = [name for name in SYSTEM_ORDER if name in present]
    return {
        "dataset": {"name": result.dataset.name, "split": result.dataset.split},
        "n": result.dataset.n,
        "kind": result.metrics[0].kind if result.metrics else "live",
        "customers": len({item.group for item in run.items}),
        "main": TRIAGE,
        "notes": list(result.notes),
        "systems": [
            {"system": system}
            | {
                name: find_figure(result, name, system)
                for name in (*(f"{field}_macro_f1" for field in FIELDS), *FOUND)
            }
            for system in systems
        ],
        "fields": [
            {"field": field}
            | {name: find_figure(result, f"{field}_{name}", TRIAGE) for name in TRUST}
            for field in FIELDS
        ],
    }
