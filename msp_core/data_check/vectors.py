"""The file of ready-made vectors: every chunk of the knowledge, and what the check compares."""

from pathlib import Path
from typing import TYPE_CHECKING

from msp_core.data_check.folder import read_folder
from msp_core.data_check.near_duplicates import article_text, compared_tickets, ticket_text
from msp_core.knowledge.document import knowledge_documents
from msp_core.knowledge.embedding_cache import write_cache
from msp_core.knowledge.ingestion import document_chunks

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Embedder

VECTORS_FILE = "embeddings.npz"


def write_vectors(path: Path, embedder: "Embedder") -> int:
    """Write `embeddings.npz` into a data folder; the same texts give the same bytes.

    Args:
        embedder: one that reads the old file keeps its vectors bit by bit.

    Returns:
        How many texts it holds.
    """
    folder, _ = read_folder(path)
    documents = knowledge_documents(folder.articles, folder.tickets)
    texts = [chunk.searchable for document in documents for chunk in document_chunks(document)]
    texts += map(ticket_text, compared_tickets(folder))
    texts += map(article_text, folder.articles)
    return write_cache(path / VECTORS_FILE, embedder, texts)
