"""What a source of knowledge holds now, on its way into the index."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msp_core.errors import InvalidInput, UsageError
from msp_core.knowledge.article import Quarantined
from msp_core.knowledge.document import Document
from msp_core.knowledge.sources.file_source import FileSource, SourceFile

if TYPE_CHECKING:
    from msp_core.bootstrap import Services
    from msp_core.knowledge.ingestion import IngestReport, Progress
    from msp_core.knowledge.ingestion_plan import IngestPlan, Owns
    from msp_core.knowledge.sources.file_document import Defaults
    from msp_core.knowledge.sources.rules import SourceRule


@dataclass(frozen=True)
class Incoming:
    """What a source holds.

    Attributes:
        source: its name, for a person.
        documents: all that could be read.
        quarantined: what could not.
        owns: which document ids are of this source.
        rule: what holds for those of its files that do not say it themselves; None without files.
    """

    source: str
    documents: tuple[Document, ...]
    quarantined: tuple[Quarantined, ...]
    owns: "Owns"
    rule: "SourceRule | None" = None


@dataclass(frozen=True)
class DryRun:
    """What loading would do; ids are sorted."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    deleted: tuple[str, ...]
    quarantined: tuple[Quarantined, ...]


def incoming_files(services: "Services", source: FileSource, defaults: "Defaults") -> Incoming:
    """The documents of a source of files."""
    from msp_core.knowledge.sources.rules import SourceRule

    documents, quarantined = documents_of(source.files(), defaults, services.customers)
    prefix = source.id_prefix
    return Incoming(
        source.name,
        documents,
        quarantined,
        owns=lambda id_: id_.startswith(prefix),
        rule=SourceRule(prefix, defaults),
    )


def documents_of(
    files: Iterable[SourceFile], defaults: "Defaults", customers: Iterable[str]
) -> tuple[tuple[Document, ...], tuple[Quarantined, ...]]:
    """The documents of files, and the files that cannot be used with the reason."""
    from msp_core.knowledge.sources.file_document import file_document

    known = frozenset(customers)
    documents, quarantined = [], []
    for file in files:
        try:
            documents.append(file_document(file, defaults, known))
        except InvalidInput as error:
            shown = file.path.encode("utf-8", "backslashreplace").decode()
            quarantined.append(Quarantined(shown, str(error)))
    return tuple(documents), tuple(quarantined)


def load(
    services: "Services",
    incoming: Incoming,
    *,
    replace: bool = True,
    progress: "Progress | None" = None,
) -> "IngestReport":
    """Make the tiers hold exactly what the source does; documents of other sources stay.

    Args:
        replace: also when every document that the index has of the source would go, or when its
            files would be seen by others than before.

    Raises:
        UsageError: it may not replace, and would: it is another folder of the same name, say, or a
            drive that is not there. Nothing is changed.
    """
    from msp_core.bootstrap.knowledge import quarantine_list, source_rules
    from msp_core.knowledge.ingestion import ingest
    from msp_core.knowledge.sources.rules import check_same_defaults

    rule = incoming.rule
    rules = source_rules(services.settings)
    if rule is not None and not replace:
        check_same_defaults(rules.all(), rule)

    def before(plan: "IngestPlan") -> None:
        if not replace:
            _check_same_source(plan, incoming.source)
        if rule is not None:  # now: what is stored is never without its rule
            rules.fix(rule)

    report = ingest(
        incoming.documents,
        services.tiers,
        services.embedder,
        choose_hot=services.choose_hot,
        owns=incoming.owns,
        quarantined=incoming.quarantined,
        before=before,
        progress=progress,
    )
    quarantine_list(services.settings).replace(incoming.source, report.quarantined)
    return report


def _check_same_source(plan: "IngestPlan", source: str) -> None:
    """Pass unless every document that the index has of the source would go."""
    kept = plan.unchanged or plan.stale.keys() - plan.added
    if plan.vanished and not kept:
        raise UsageError(
            f"None of the {len(plan.vanished)} documents that the index has of {source} is there "
            "any more. Is it another folder of that name? Then give it one of its own, with "
            "--as NAME; or let it take the place of those with --replace."
        )


def dry_run(services: "Services", incoming: Incoming, *, replace: bool = True) -> DryRun:
    """What `load` would do, from comparing alone: nothing is embedded or written.

    Texts for which the embedder gives no usable vector show up in a real run only.

    Args:
        replace: see `load`.

    Raises:
        UsageError: `load` would.
    """
    from msp_core.bootstrap.knowledge import source_rules
    from msp_core.knowledge.ingestion import accepted
    from msp_core.knowledge.ingestion_plan import plan_ingestion
    from msp_core.knowledge.sources.rules import check_same_defaults

    if incoming.rule is not None and not replace:
        check_same_defaults(source_rules(services.settings).all(), incoming.rule)
    wanted, refused = accepted(incoming.documents)
    plan = plan_ingestion(
        wanted, services.tiers, choose_hot=services.choose_hot, owns=incoming.owns
    )
    if not replace:
        _check_same_source(plan, incoming.source)
    return DryRun(
        added=tuple(sorted(plan.added)),
        changed=tuple(sorted(plan.stale.keys() - plan.added)),
        unchanged=plan.unchanged,
        deleted=tuple(sorted(plan.vanished)),
        quarantined=(*incoming.quarantined, *refused),
    )
