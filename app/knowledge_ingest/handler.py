"""The Lambda function that S3 tells about new, changed and removed objects."""

import logging
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from msp_core.bootstrap import Services, build_services
from msp_core.bootstrap.knowledge import s3_source, source_rules
from msp_core.checkout import checkout_root
from msp_core.errors import InvalidInput
from msp_core.incoming import documents_of
from msp_core.knowledge.article import Quarantined
from msp_core.knowledge.document import Document
from msp_core.knowledge.ingestion import ingest_changed
from msp_core.knowledge.sources.file_source import SourceFile
from msp_core.knowledge.sources.rules import defaults_of
from msp_core.settings import Settings, configure_logging

PACKAGED_DATA = Path(__file__).resolve().parents[2] / "data"
"""Customers beside the code, in the package."""
_UNKNOWN_SOURCE = (
    "nothing says who may see it: run `msp ingest --from s3://BUCKET/PREFIX` once for its source"
)
logger = logging.getLogger(__name__)


class KnowledgeIngest:
    """Brings the named objects of a bucket into the tiers, as they are now.

    Events come late, twice and out of order, so that an event only says where to look: an object
    that is there is stored, one that is not is deleted. Two calls at once could store an older
    version after a newer one: give the function a reserved concurrency of 1.

    Args:
        services: the tiers, the embedder and the customers.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def handle(self, event: Mapping[str, Any]) -> dict[str, int]:
        """Do what an S3 notification asks for, and say how much that was.

        Raises:
            InvalidInput: it is none.
            MspError: a service does not answer; Lambda then calls again.
        """
        stored = deleted = refused = 0
        for bucket, keys in _changed(event).items():
            files = s3_source(self._services.settings, bucket).documents_of(keys)
            there = [file for file in files.values() if file is not None]
            documents, unread = self._read(there)
            gone = files.keys() - {document.document_id for document in documents}
            unfit = ingest_changed(documents, gone, self._services.tiers, self._services.embedder)
            for row in (*unread, *unfit):
                logger.error("left out: %s: %s", row.path, row.reason)
            stored += len(documents) - len(unfit)
            deleted += len(files) - len(there)
            refused += len(unread) + len(unfit)
        return {"stored": stored, "deleted": deleted, "left_out": refused}

    def _read(self, files: Iterable[SourceFile]) -> tuple[list[Document], list[Quarantined]]:
        """Documents for whom `msp ingest --from` said; a file that it never saw is left out."""
        rules = source_rules(self._services.settings).all()
        documents: list[Document] = []
        unread: list[Quarantined] = []
        for file in files:
            defaults = defaults_of(rules, file.document_id)
            if defaults is None:
                unread.append(Quarantined(file.path, _UNKNOWN_SOURCE))
                continue
            usable, unusable = documents_of([file], defaults, self._services.customers)
            documents += usable
            unread += unusable
        return documents, unread


def _changed(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """The keys that an event names, by bucket, each once; S3 tries a new notification with none."""
    if "Records" not in event and event.get("Event") != "s3:TestEvent":
        raise InvalidInput(
            "This is no notification of S3. Let the bucket call the function itself, not through "
            "EventBridge."
        )
    keys: dict[str, dict[str, None]] = {}
    for record in event.get("Records", ()):
        where = record["s3"]
        keys.setdefault(where["bucket"]["name"], {})[unquote_plus(where["object"]["key"])] = None
    return {bucket: list(named) for bucket, named in keys.items()}


@cache
def knowledge_ingest() -> KnowledgeIngest:
    """With the services of this environment, made at the first event."""
    settings = Settings.from_env()
    configure_logging(settings.log_level)
    data = PACKAGED_DATA if checkout_root() is None else None
    return KnowledgeIngest(build_services(settings, data_dir=data))


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, int]:
    """What Lambda calls."""
    return knowledge_ingest().handle(event)
