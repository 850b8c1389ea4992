"""What 1,000 searches would cost on AWS; simulated, by the catalogue's prices."""

from collections.abc import Iterator

from eval.result import Metric
from eval.retrieval_figures import USD_PER_1K
from eval.retrieval_set import RetrievalSet
from eval.retrieval_systems import BY_WORDS_ALONE, Size, SystemName, asked_text
from msp_core.knowledge.tiering.cost import cold_usd_per_month, hot_usd_per_month
from msp_core.routing.catalog import Catalog
from msp_core.routing.request import CHARACTERS_PER_TOKEN

SEARCHES_PER_MONTH = 100_000


def cost_metrics(
    data: RetrievalSet,
    sizes: dict[SystemName, Size],
    dimension: int,
    catalog: Catalog,
    *,
    embedding_model: str,
) -> Iterator[Metric]:
    """`usd_per_1k` of each system, at `SEARCHES_PER_MONTH`.

    The indexes' month (OpenSearch Serverless is paid by the hour, idle or not) shared among its
    searches, the cold index's queries (by meaning and by words), and the queries' embedding by this
    model, a token being `CHARACTERS_PER_TOKEN` characters. Left out: the corpus' own embedding,
    bytes read and written.
    """
    price = catalog.price(embedding_model)
    if price is None or not data.queries:
        return
    embedding = 1000 * price.cost_usd(input_tokens=1, output_tokens=0) * _mean_tokens(data)
    for system, size in sizes.items():
        month = hot_usd_per_month(size.hot, dimension, catalog.knowledge)
        if size.cold:
            month += cold_usd_per_month(size.cold, dimension, SEARCHES_PER_MONTH, catalog.knowledge)
        usd = 1000 * month / SEARCHES_PER_MONTH + (system not in BY_WORDS_ALONE) * embedding
        yield Metric(
            name=USD_PER_1K,
            system=system,
            slice="all",
            value=usd,
            low=None,
            high=None,
            unit="usd",
            higher_is_better=False,
            n_scored=len(data.queries),
            n_failed=0,
            n_refused=0,
            kind="simulated",
        )


def _mean_tokens(data: RetrievalSet) -> float:
    characters = sum(len(asked_text(query)) for query in data.queries)
    return characters / CHARACTERS_PER_TOKEN / len(data.queries)
