"""The file of ready-made vectors: every chunk of the knowledge, and what the checks compare."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msp_core.data_check.folder import read_folder
from msp_core.data_check.leaks import set_texts
from msp_core.data_check.near_duplicates import article_text, compared_tickets, ticket_text
from msp_core.knowledge.document import knowledge_documents
from msp_core.knowledge.embedding_cache import write_cache
from msp_core.knowledge.ingestion import document_chunks

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Embedder

VECTORS_FILE = "embeddings.npz"


def write_vectors(path: Path, sets: Sequence[Path], embedder: "Embedder") -> int:
    """Write `embeddings.npz` into a data folder; the same texts give the same bytes.

    Args:
        sets: folders of the judged sets made from this data.
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
    texts += (text.text for set_ in sets for text in set_texts(set_, tickets))
    return write_cache(path / VECTORS_FILE, embedder, texts)
