"""Who may see the files of each source that do not say it themselves: fixed once, then kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from msp_core.errors import UsageError
from msp_core.knowledge.sources.file_document import Defaults


@dataclass(frozen=True)
class SourceRule:
    """What holds for the files whose document ids begin with `id_prefix` (see `FileSource`)."""

    id_prefix: str
    defaults: Defaults


class SourceRules(Protocol):
    """Keeps what `msp ingest --from` fixed, for later ingestions and for the events of a bucket."""

    def all(self) -> dict[str, Defaults]:
        """What is fixed, by id prefix."""

    def fix(self, rule: SourceRule) -> None:
        """Let this hold from now on, also for the sources below it."""


def defaults_of(rules: Mapping[str, Defaults], id_: str) -> Defaults | None:
    """What holds for a document id or an id prefix: the longest prefix wins; None is unknown."""
    prefix = max(filter(id_.startswith, rules), key=len, default=None)
    return None if prefix is None else rules[prefix]


def check_same_defaults(rules: Mapping[str, Defaults], rule: SourceRule) -> None:
    """Pass unless something else holds for these files, or for some of them.

    Raises:
        UsageError: it does; storing them would change who may see them.
    """
    fixed = {name: own for name, own in rules.items() if name.startswith(rule.id_prefix)}
    above = defaults_of(rules, rule.id_prefix)
    if above is not None:
        fixed[rule.id_prefix] = above
    for name, defaults in fixed.items():
        if defaults != rule.defaults:
            raise UsageError(
                f"Files of {name} were ingested with {_options(defaults)}, and this would store "
                f"them with {_options(rule.defaults)}. Give the same options again; or let the new "
                "ones hold from now on, with --replace."
            )


def _options(defaults: Defaults) -> str:
    customer = "no --customer"
    if defaults.customer_id is not None:
        customer = f"--customer {defaults.customer_id}"
    return f"--audience {defaults.audience} and {customer}"
