"""Reading many rows of an OpenSearch index, and remembering those just written."""

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msp_core.knowledge.opensearch_client import OpenSearchClient
from msp_core.knowledge.opensearch_queries import Body

VECTORS_PER_PAGE = 500
IDS_PER_PAGE = 5000
KEPT_OPEN = "5m"
"""How long a point in time waits for its next page."""
SEEN_WITHIN_S = 120.0
"""After this time at the latest a search finds what was written."""


def rows_as_of_now(client: OpenSearchClient, index: str, fields: Sequence[str]) -> Iterator[Body]:
    """These fields of every row, by chunk id, as the index is at the first page.

    Raises:
        NoSuchIndex, DependencyFailed: see `OpenSearchClient.call`.
    """
    opened = client.call(
        lambda server: server.create_pit(index=index, params={"keep_alive": KEPT_OPEN})
    )
    pit = {"id": opened["pit_id"], "keep_alive": KEPT_OPEN}
    body: Body = {
        "pit": pit,
        "size": VECTORS_PER_PAGE if "vector" in fields else IDS_PER_PAGE,
        "_source": list(fields),
        "query": {"match_all": {}},
        "sort": [{"chunk_id": "asc"}, {"row": "asc"}],
    }
    try:
        for hit in _pages(client, body, {}):
            yield hit["_source"]
    finally:
        client.call(lambda server: server.delete_pit(body={"pit_id": [pit["id"]]}))


def ids_of_rows(client: OpenSearchClient, index: str, query: Body) -> set[str]:
    """The `_id`s of the rows that a search finds now."""
    body: Body = {
        "size": IDS_PER_PAGE,
        "_source": False,
        "query": query,
        "sort": [{"row": "asc"}],
    }
    return {hit["_id"] for hit in _pages(client, body, {"index": index})}


def _pages(client: OpenSearchClient, body: Body, where: dict[str, str]) -> Iterator[dict[str, Any]]:
    while True:
        answer = client.call(lambda server: server.search(body=body, **where))
        hits = answer["hits"]["hits"]
        yield from hits
        if len(hits) < body["size"]:
            return
        body["search_after"] = hits[-1]["sort"]


class RecentRows:
    """The rows that this process wrote a moment ago, and which a search may not find yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: dict[str, tuple[float, frozenset[str]]] = {}

    def note(self, document_ids: Sequence[str], ids: Sequence[str]) -> None:
        """Remember these rows for a while, in place of those before.

        Args:
            document_ids: of each row.
            ids: the rows' `_id`s.
        """
        rows = defaultdict(set)
        for document_id, id_ in zip(document_ids, ids, strict=True):
            rows[document_id].add(id_)
        now = time.monotonic()
        with self._lock:
            for document_id, own in rows.items():
                self._written.pop(document_id, None)  # so that the oldest stand first
                self._written[document_id] = now, frozenset(own)
            seen = [name for name, (at, _) in self._written.items() if at < now - SEEN_WITHIN_S]
            for document_id in seen:
                del self._written[document_id]

    def of(self, document_ids: Collection[str]) -> set[str]:
        """The `_id`s of these documents' rows."""
        with self._lock:
            return {
                id_
                for document_id in document_ids
                for id_ in self._written.get(document_id, (0.0, frozenset[str]()))[1]
            }

    def forget(self) -> None:
        """Nothing is there any more."""
        with self._lock:
            self._written.clear()
