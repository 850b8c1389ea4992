"""The Lambda function that S3 tells about new, changed and removed objects."""

import logging
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from msp_core.bootstrap import Services, build_services
from msp_core.bootstrap.knowledge import s3_source
from msp_core.checkout import checkout_root
from msp_core.incoming import documents_of
from msp_core.knowledge.file_document import Defaults
from msp_core.knowledge.ingestion import ingest_changed
from msp_core.settings import Settings, configure_logging

PACKAGED_DATA = Path(__file__).resolve().parents[2] / "data"
"""Customers beside the code, in the package."""
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
            MspError: a service does not answer; Lambda then calls again.
        """
        stored = deleted = refused = 0
        for bucket, keys in _changed(event.get("Records", ())).items():
            files = s3_source(self._services.settings, bucket).documents_of(keys)
            there = [file for file in files.values() if file is not None]
            documents, unread = documents_of(there, Defaults(), self._services.customers)
            gone = files.keys() - {document.document_id for document in documents}
            unfit = ingest_changed(
                documents,
                gone,
                self._services.tiers,
                self._services.embedder,
                choose_hot=self._services.choose_hot,
            )
            for row in (*unread, *unfit):
                logger.error("left out: %s: %s", row.path, row.reason)
            stored += len(documents) - len(unfit)
            deleted += len(files) - len(there)
            refused += len(unread) + len(unfit)
        return {"stored": stored, "deleted": deleted, "left_out": refused}


def _changed(records: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The keys that events name, by bucket, each once."""
    keys: dict[str, dict[str, None]] = {}
    for record in records:
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
