from msp_core.data_check.near_duplicates import ticket_text
from msp_core.data_check.vectors import VECTORS_FILE, write_vectors
from msp_core.knowledge.embedding_cache import CachedEmbedder
from msp_core.tickets.file import read_tickets


class NoModel:
    """An embedder that must not be asked."""

    def __init__(self, like):
        self.model_id, self.dimension = like.model_id, like.dimension

    def embed(self, texts):
        raise AssertionError(f"{len(texts)} texts are not in the cache")


def test_the_file_has_every_text_of_the_check_and_the_same_bytes_again(bench, minilm):
    file = bench.path / VECTORS_FILE
    count = write_vectors(bench.path, [], minilm)
    # 5 tickets and 3 articles to compare, a chunk of each article and of the solved ticket.
    assert count >= 5 + 3 + 3 + 1
    before = file.read_bytes()
    cached = CachedEmbedder(NoModel(minilm), file)
    tickets, _ = read_tickets(bench.path / "tickets.jsonl")
    assert cached.embed([ticket_text(ticket) for ticket in tickets]).shape == (5, minilm.dimension)
    assert write_vectors(bench.path, [], cached) == count
    assert file.read_bytes() == before
