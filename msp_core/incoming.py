"""What a source of knowledge holds now, on its way into the index."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msp_core.errors import InvalidInput, UsageError
from msp_core.knowledge.article import Quarantined
from msp_core.knowledge.document import Document
from msp_core.knowledge.file_source import FileSource, SourceFile

if TYPE_CHECKING:
    from msp_core.bootstrap import Services
    from msp_core.knowledge.file_document import Defaults
    from msp_core.knowledge.ingestion import IngestReport, Progress
    from msp_core.knowledge.ingestion_plan import Owns
    from msp_core.knowledge.source_rules import SourceRule


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
    from msp_core.knowledge.source_rules import SourceRule

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
    from msp_core.knowledge.file_document import file_document

    known = frozenset(customers)
    documents, quarantined = [], []
    for file in files:
        try:
            documents.append(file_document(file, defaults, known))
        except InvalidInput as error:
            shown = file.path.encode("utf-8", "backslashreplace").decode()
            quarantined.append(Quarantined(shown, str(error)))
    return tuple(documents), tuple(quarantined)


def check_same_source(services: "Services", incoming: Incoming) -> None:
    """Pass unless every document that the index has of the source would go, or be seen by others.

    Raises:
        UsageError: it is another folder of the same name, say, or a drive that is not there; or
            its files were stored for other people (see `check_same_defaults`).
    """
    from msp_core.bootstrap.knowledge import source_rules
    from msp_core.knowledge.source_rules import check_same_defaults

    if incoming.rule is not None:
        check_same_defaults(source_rules(services.settings).all(), incoming.rule)
    plan = dry_run(services, incoming)
    if plan.deleted and not plan.unchanged and not plan.changed:
        raise UsageError(
            f"None of the {len(plan.deleted)} documents that the index has of {incoming.source} is "
            "there any more. Is it another folder of that name? Then give it one of its own, with "
            "--as NAME; or let it take the place of those with --replace."
        )


def load(
    services: "Services", incoming: Incoming, *, progress: "Progress | None" = None
) -> "IngestReport":
    """Make the tiers hold exactly what the source does; documents of other sources stay."""
    from msp_core.bootstrap.knowledge import quarantine_list, source_rules
    from msp_core.knowledge.ingestion import ingest

    if incoming.rule is not None:  # first: what is stored is never without its rule
        source_rules(services.settings).fix(incoming.rule)
    report = ingest(
        incoming.documents,
        services.tiers,
        services.embedder,
        choose_hot=services.choose_hot,
        owns=incoming.owns,
        quarantined=incoming.quarantined,
        progress=progress,
    )
    quarantine_list(services.settings).replace(incoming.source, report.quarantined)
    return report


def dry_run(services: "Services", incoming: Incoming) -> DryRun:
    """What `load` would do, from comparing alone: nothing is embedded or written.

    Texts for which the embedder gives no usable vector show up in a real run only.
    """
    from msp_core.knowledge.ingestion import accepted
    from msp_core.knowledge.ingestion_plan import plan_ingestion

    wanted, refused = accepted(incoming.documents)
    plan = plan_ingestion(
        wanted, services.tiers, choose_hot=services.choose_hot, owns=incoming.owns
    )
    return DryRun(
        added=tuple(sorted(plan.added)),
        changed=tuple(sorted(plan.stale.keys() - plan.added)),
        unchanged=plan.unchanged,
        deleted=tuple(sorted(plan.vanished)),
        quarantined=(*incoming.quarantined, *refused),
    )
