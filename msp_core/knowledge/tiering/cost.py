"""What the two tiers would cost on AWS, by the catalogue's prices."""

import math

from msp_core.routing.catalog import KnowledgePrices

HOURS_PER_MONTH = 730
_OCU_BYTES = 6e9
_GRAPH_SHARE = 0.5  # of an OCU's memory that vectors and their graph may take
_LINKS = 16
_TEXT_BYTES = 1500  # text and metadata of a chunk in the cold tier
_QUERIES_PER_SEARCH = 2  # one by meaning, one by words; in the classic mode there is no second


def hot_usd_per_month(chunks: int, dimension: int, prices: KnowledgePrices) -> float:
    """OpenSearch Serverless: nothing without a hot tier, else at least the minimum.

    Memory of an HNSW graph: 1.1 * (4 * dimension + 8 * links) bytes a vector, by OpenSearch's own
    documentation; as many OCUs again take the writes.
    """
    if chunks == 0:
        return 0.0
    graph = 1.1 * (4 * dimension + 8 * _LINKS) * chunks
    ocus = max(prices.opensearch_minimum_ocus, 2 * math.ceil(graph / (_GRAPH_SHARE * _OCU_BYTES)))
    return ocus * prices.opensearch_usd_per_ocu_hour * HOURS_PER_MONTH


def cold_usd_per_month(
    chunks: int, dimension: int, searches_per_month: float, prices: KnowledgePrices
) -> float:
    """S3 Vectors: storage and queries, without what the service takes for bytes put and read."""
    gigabytes = chunks * (4 * dimension + _TEXT_BYTES) / 1e9
    return (
        gigabytes * prices.s3_vectors_usd_per_gb_month
        + _QUERIES_PER_SEARCH * searches_per_month / 1e6 * prices.s3_vectors_usd_per_million_queries
    )
