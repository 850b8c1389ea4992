"""How a vector index for chunks is made in S3 Vectors, and whether one that is there is of use."""

import time
from collections.abc import Callable, Mapping
from typing import Literal

from msp_core.errors import ConfigurationError, DependencyFailed
from msp_core.knowledge.made_with import check_made_with
from msp_core.knowledge.s3_vectors_items import RECORD, TEXT, Json

QueryMode = Literal["CLASSIC", "ENHANCED"]
"""`ENHANCED` filters before it searches, and searches by words too; `CLASSIC` filters while it
searches, so it may find fewer, and by meaning only."""

SEARCHABLE_WITHIN_S = 120.0
_UNFILTERABLE = [RECORD, TEXT]
_LANGUAGE = "en"  # the stemming that the statistics and the other indexes have too


def index_settings(dimension: int, mode: QueryMode) -> Json:
    """What `CreateIndex` is told beside the name."""
    metadata: Json = {"nonFilterableMetadataKeys": _UNFILTERABLE}
    if mode == "ENHANCED":
        metadata["textSearchConfigurations"] = [{"metadataKey": TEXT, "language": _LANGUAGE}]
    return {
        "dataType": "float32",
        "dimension": dimension,
        "distanceMetric": "cosine",
        "metadataConfiguration": metadata,
    }


def check_settings(
    found: Json, made_with: Mapping[str, str], mode: QueryMode, *, index: str
) -> None:
    """Pass when an index that somebody made can hold chunks and be searched in this mode.

    Args:
        found: as `GetIndex` describes it.
        made_with: what an index is made with now (see `made_with`).
        mode: how it is to be searched.
        index: which one, for a person.

    Raises:
        ConfigurationError: it is of no use; names the command that makes it anew.
    """
    if mode == "CLASSIC" and found.get("indexMode") == "ENHANCED":
        raise ConfigurationError(
            f"{index} is in the enhanced mode, where the classic one is not possible. Unset "
            "MSP_VECTOR_MODE, or set it to ENHANCED."
        )
    check_made_with({"dimension": str(found["dimension"])}, made_with, index=index)
    metadata = found.get("metadataConfiguration", {})
    missing = []
    if found["distanceMetric"] != "cosine":
        missing.append("cosine distance")
    if lacking := sorted({*_UNFILTERABLE} - {*metadata.get("nonFilterableMetadataKeys", [])}):
        missing.append(f"the non-filterable metadata keys {' and '.join(lacking)}")
    if mode == "ENHANCED" and _text_search(found) is None:
        missing.append(f"text search in the metadata key {TEXT}")
    if missing:
        raise ConfigurationError(
            f"{index} was made without {', '.join(missing)}. Run `msp ingest --rebuild` to make it "
            "anew."
        )


def wait_until_searchable(describe: Callable[[], Json], *, index: str) -> None:
    """Return when the service can search the texts that the index holds.

    Args:
        describe: asks `GetIndex`.
        index: which one, for a person.

    Raises:
        DependencyFailed: it still cannot after two minutes.
    """
    deadline = time.monotonic() + SEARCHABLE_WITHIN_S
    while (_text_search(describe()) or {}).get("status") == "BUILDING":
        if time.monotonic() > deadline:
            raise DependencyFailed(
                f"{index} is still being made searchable by words. Run `msp index create` again in "
                "some minutes."
            )
        time.sleep(2)


def _text_search(found: Json) -> Json | None:
    configured = found.get("metadataConfiguration", {}).get("textSearchConfigurations", [])
    return next((row for row in configured if row["metadataKey"] == TEXT), None)
