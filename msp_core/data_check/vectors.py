"""The file of ready-made vectors: all chunks, of judged sets too, and what checks compare."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msp_core.data_check.folder import read_folder
from msp_core.data_check.leaks import json_rows, set_texts
from msp_core.data_check.near_duplicates import article_text, compared_tickets, ticket_text
from msp_core.knowledge.document import document_chunks, knowledge_documents, text_document
from msp_core.knowledge.embedding_cache import write_cache

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Embedder

VECTORS_FILE = "embeddings.npz"


def write_vectors(path: Path, sets: Sequence[Path], embedder: "Embedder") -> int:
    """Write `embeddings.npz` into a data folder; the same texts give the same bytes.

    Args:
        sets: folders of the judged sets made from this data, and of turns to learn from.
        embedder: one that reads the old file keeps its vectors bit by bit.

    Returns:
        How many texts it holds.
    """
    folder, _ = read_folder(path)
    documents = knowledge_documents(folder.articles, folder.tickets)
    texts = [chunk.searchable for document in documents for chunk in document_chunks(document)]
    texts += map(ticket_text, compared_tickets(folder))
    texts += map(article_text, folder.articles)
    tickets = {ticket.ticket_id: ticket for ticket in folder.tickets}
    for set_ in sets:
        texts += (text.text for text in set_texts(set_, tickets))
        texts += _corpus_texts(set_)
    return write_cache(path / VECTORS_FILE, embedder, texts)


def _corpus_texts(set_: Path) -> Iterator[str]:
    """The chunks of a retrieval set's corpus, cut as an evaluation cuts them."""
    for _, row in json_rows(set_ / "corpus.jsonl"):
        document = text_document(
            str(row.get("_id")), str(row.get("title", "")), str(row.get("text", ""))
        )
        yield from (chunk.searchable for chunk in document_chunks(document))
