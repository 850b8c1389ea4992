"""One import: sources in, a data folder out."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from msp_core.customers import Customer, Team
from msp_core.errors import ConfigurationError, InvalidInput, MspError, UsageError
from msp_core.guardrails.pii import Masker, highest_mask
from msp_core.importing import csv_rows, freshdesk, halo, jsonl_rows, zendesk
from msp_core.importing.canonical import Canonicaliser
from msp_core.importing.desk_json import Export
from msp_core.importing.drafts import ArticleDraft, Person, TicketDraft
from msp_core.importing.folder_writer import (
    replaced_folder,
    write_article,
    write_json,
    write_json_lines,
)
from msp_core.importing.mapping import Mapping
from msp_core.importing.masking import mask_article, mask_ticket
from msp_core.importing.names import CustomerBook, TeamBook, read_rows
from msp_core.importing.report import ImportReport, Place
from msp_core.importing.ticket_spool import TicketSpool
from msp_core.knowledge.article import Article
from msp_core.tickets.record import ticket_from_record, ticket_to_record
from msp_core.tickets.ticket import Ticket

Open = Callable[[list[Path], Mapping, ImportReport], Export]
FORMATS: dict[str, Open] = {
    "csv": csv_rows.open_csv,
    "zendesk": zendesk.open_export,
    "freshdesk": freshdesk.open_export,
    "halo": halo.open_export,
    "jsonl": jsonl_rows.open_export,
}
REPORT_FILE = "import-report.json"
_ENDINGS = {
    "csv": (".csv", ".tsv", ".txt"),
    "zendesk": (".json", ".jsonl", ".ndjson"),
    "freshdesk": (".json", ".jsonl", ".ndjson"),
    "halo": (".json", ".jsonl", ".csv"),
    "jsonl": (".jsonl", ".ndjson", ".json", ".md"),
}


@dataclass(frozen=True)
class ImportResult:
    """What the folder holds now, and how it came about.

    Attributes:
        imported_tickets, imported_articles: from this import; the others were there before.
    """

    folder: Path
    tickets: int
    imported_tickets: int
    articles: int
    imported_articles: int
    customers: int
    report: ImportReport


def run_import(
    sources: list[Path], target: Path, *, format_name: str, mapping: Mapping, mask_pii: bool = False
) -> ImportResult:
    """Bring an export into a data folder, adding to what it holds.

    The same sources give the same folder, however often: ids come from the source's ids, and a
    ticket or article that is there already is replaced. Until everything is written the folder is
    untouched.

    Args:
        sources: files, or folders whose files are taken.
        target: a new or empty folder, or one in the layout of `data/`.
        format_name: one of `FORMATS`.
        mask_pii: replace personal data by masks; what was in the folder before stays as it is.

    Raises:
        UsageError: no source file, or a target that holds other things.
        ConfigurationError: a file that cannot be read or written, a folder with unusable customers.
        MspError: nothing at all could be imported; the folder is as it was.
    """
    report = ImportReport(format_name)
    paths = _source_files(sources, format_name)
    with replaced_folder(target) as folder, TicketSpool() as spool:
        job = _Job(folder, spool, mapping, report, mask_pii=mask_pii)
        export = FORMATS[format_name](paths, mapping, report)
        articles = job.read(export)
        if not (spool.imported or articles or export.customers or export.customer_rows):
            listed = "\n  ".join(map(str, report.rejected[:20])) or "the files hold no row"
            raise MspError(f"Nothing could be imported, and nothing was written:\n  {listed}")
        job.write(articles)
        result = ImportResult(
            folder=target,
            tickets=len(spool),
            imported_tickets=spool.imported,
            articles=len(list((folder / "kb").glob("*.md"))),
            imported_articles=len(articles),
            customers=len(job.customers.rows()),
            report=report,
        )
        write_json(folder / REPORT_FILE, report_json(result))
    return result


class _Job:
    """The steps of an import, in their order."""

    def __init__(
        self,
        folder: Path,
        spool: TicketSpool,
        mapping: Mapping,
        report: ImportReport,
        *,
        mask_pii: bool,
    ) -> None:
        self._folder, self._spool, self._report = folder, spool, report
        self._mapping = mapping
        self.customers = CustomerBook(
            read_rows(folder / "customers.json", Customer), mapping, report
        )
        self._teams = TeamBook(read_rows(folder / "teams.json", Team))
        self._mask_pii = mask_pii
        self._people: dict[tuple[str, str], None] = {}

    def read(self, export: Export) -> list[Article]:
        """Take in everything; the articles, which are few, are given back."""
        for row in export.customer_rows:
            self.customers.add(row)
        for row in export.team_rows:
            self._teams.add(row)
        for name in export.customers:
            self.customers.id_of(name)
        self._know(export.people)
        make = Canonicaliser(
            self._mapping,
            self.customers,
            self._teams,
            self._report,
            known_values=export.known_values,
        )
        articles: dict[str, Article] = {}
        for item in export.articles:
            place = item.place if isinstance(item, ArticleDraft) else item[0]
            try:
                article = make.article(item) if isinstance(item, ArticleDraft) else item[1]
                if article.article_id in articles:
                    raise InvalidInput(f"the article {article.article_id} stands there twice")
                articles[article.article_id] = article
            except InvalidInput as error:
                self._report.reject(place, str(error))
        self._take_present()
        for ticket in export.tickets:
            self._take(ticket, make)
        return list(articles.values())

    def _know(self, people: Iterable[Person]) -> None:
        if self._mask_pii:
            self._people.update(((person.name, person.email), None) for person in people)

    def _take(self, item: TicketDraft | tuple[Place, Ticket], make: Canonicaliser) -> None:
        if isinstance(item, TicketDraft):
            place, source, duplicate_of = item.place, item.source_id, item.duplicate_of
            self._know(item.people)
        else:
            place, source, duplicate_of = item[0], item[1].ticket_id, None
        try:
            if isinstance(item, TicketDraft):
                ticket = make.ticket(item)
            else:
                ticket = item[1]
                self.customers.id_of(ticket.customer_id)
                if ticket.team:
                    self._teams.id_of(ticket.team)
            problem = self._spool.add(
                ticket_to_record(ticket), source=source, place=place, duplicate_of=duplicate_of
            )
        except InvalidInput as error:
            problem = str(error)
        if problem:
            self._report.reject(place, f"ticket {source}: {problem}")

    def _take_present(self) -> None:
        """Put the folder's own tickets into the spool."""
        path = self._folder / "tickets.jsonl"
        if not path.is_file():
            return
        mark = f"source:{self._report.format}-"
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    record = ticket_to_record(ticket_from_record(json.loads(line)))
                except (json.JSONDecodeError, InvalidInput) as error:
                    raise ConfigurationError(
                        f"Line {number} of the folder's tickets.jsonl is not usable ({error}), and "
                        "the import would lose it. Mend it, or import into another folder."
                    ) from error
                tags = [tag for tag in record["tags"] if tag.startswith(mark)]
                source = tags[0].removeprefix(mark) if tags else record["ticket_id"]
                self._spool.add(record, source=source, place=None)

    def write(self, articles: list[Article]) -> None:
        """Write the canonical files into the work folder."""
        masker = self._masker() if self._mask_pii else None
        if masker:
            articles = [mask_article(article, masker) for article in articles]
        (self._folder / "kb").mkdir(exist_ok=True)
        for article in articles:
            write_article(self._folder / "kb", article)
        write_json_lines(self._folder / "tickets.jsonl", self._records(masker))
        write_json(self._folder / "customers.json", self.customers.rows())
        write_json(self._folder / "teams.json", self._teams.rows())
        if masker:
            self._report.masked.update(masker.counts)
            masked = [
                type(row)(row.file, row.line, masker.mask(row.reason))
                for row in self._report.rejected
            ]
            self._report.rejected[:] = masked
            self._report.lost_attachments[:] = map(masker.mask, self._report.lost_attachments)

    def _masker(self) -> Masker:
        """A masker whose numbers begin above those of tickets that are kept from before."""
        highest = max(
            (highest_mask(json.dumps(record)) for record, new in self._spool.records() if not new),
            default=0,
        )
        masker = Masker(first_number=highest + 1)
        for name, email in self._people:
            masker.know(name, email)
        return masker

    def _records(self, masker: Masker | None) -> Iterator[dict[str, Any]]:
        for record, new in self._spool.records():
            yield mask_ticket(record, masker) if masker and new else record


def _source_files(sources: list[Path], format_name: str) -> list[Path]:
    endings = _ENDINGS[format_name]
    found: list[Path] = []
    for source in sources:
        if source.is_dir():
            inside = sorted(path for path in source.rglob("*") if path.is_file())
            found += [path for path in inside if path.suffix.lower() in endings]
        else:
            found.append(source)
    if not found:
        raise UsageError(
            f"No file that ends in {' or '.join(endings)} is there. Name the export's files."
        )
    return list(dict.fromkeys(found))


def report_json(result: ImportResult) -> dict[str, Any]:
    """The report as it stays in the folder; it has no time, so equal imports leave equal files."""
    report = result.report
    return {
        "schema": "msp.import/1",
        "format": report.format,
        "files": [asdict(file) for file in report.files],
        "imported": {"tickets": result.imported_tickets, "articles": result.imported_articles},
        "notes": dict(sorted(report.noted.items())),
        "attachments_not_carried": report.lost_attachments,
        "masked": dict(sorted(report.masked.items())),
        "rejected": [asdict(row) for row in report.rejected],
    }
