"""All checks over a folder and its judged sets."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msp_core.clock import Clock
from msp_core.data_check.article_sizes import check_article_sizes
from msp_core.data_check.balance import balance_tables, check_balance
from msp_core.data_check.dataset_files import check_dataset
from msp_core.data_check.findings import Outcome
from msp_core.data_check.folder import Folder, read_folder
from msp_core.data_check.histories import check_histories
from msp_core.data_check.ids import check_ids
from msp_core.data_check.leaks import check_leaks
from msp_core.data_check.near_duplicates import check_near_duplicates
from msp_core.data_check.profile import ProfileName, read_profile
from msp_core.data_check.references import check_references
from msp_core.data_check.repeated_text import check_repeated_text
from msp_core.data_check.times import check_times

if TYPE_CHECKING:
    from msp_core.knowledge.embedding import Embedder

_CLOCKS_DIFFER = timedelta(days=1)


def check_data(
    path: Path,
    datasets: Sequence[Path],
    *,
    profile_name: ProfileName,
    embedder: "Embedder",
    clock: Clock,
    training: Sequence[Path] = (),
) -> Outcome:
    """Every check.

    Args:
        datasets: folders of judged sets made from this data.
        training: folders of turns to learn from, which must not be near any judged one.
        profile_name: `shipped` asks more than `own`.

    Raises:
        UsageError: the folder holds neither tickets nor articles.
    """
    profile = read_profile(profile_name, now=clock() + _CLOCKS_DIFFER)
    folder, form = read_folder(path)
    tables = balance_tables(folder)
    near, nearest_tickets, nearest_articles = check_near_duplicates(folder, profile, embedder)
    repeated, most_repeated = check_repeated_text(folder, profile)
    sizes, words = check_article_sizes(folder, profile)
    tickets = {ticket.ticket_id: ticket for ticket in folder.tickets}
    leaks, too_short = check_leaks(datasets, tickets, profile, embedder, training=training)
    return Outcome(
        folder=path.name,
        profile=profile_name,
        checks=(
            form,
            check_ids(folder, profile),
            check_references(folder),
            check_histories(folder),
            check_times(folder, profile),
            check_balance(folder, tables, profile),
            near,
            repeated,
            sizes,
            *((leaks,) if datasets else ()),
            *(check_dataset(dataset, folder) for dataset in datasets),
        ),
        tables=tables,
        figures=(
            *_amounts(folder),
            ("words in an article", words),
            ("largest cosine of two unlinked tickets", str(nearest_tickets)),
            ("largest cosine of two unlinked articles", str(nearest_articles)),
            ("most frequent 8-word sequence", most_repeated),
            ("turns too short to be compared across splits", f"{too_short:,}"),
        ),
    )


def _amounts(folder: Folder) -> list[tuple[str, str]]:
    tickets, articles = folder.tickets, folder.articles
    amounts = {
        "tickets": len(tickets),
        "notes": sum(len(ticket.notes) for ticket in tickets),
        "tickets whose resolution cites an article": sum(
            bool(ticket.resolution and ticket.resolution.article_ids) for ticket in tickets
        ),
        "duplicates of another ticket": sum(ticket.duplicate_of is not None for ticket in tickets),
        "articles": len(articles),
        "articles of one customer": sum(article.customer_id is not None for article in articles),
        "articles with a successor": sum(article.superseded_by is not None for article in articles),
        "articles that are variants": sum(article.variant_of is not None for article in articles),
        "articles with hostile text": sum(article.hostile for article in articles),
    }
    return [(what, f"{count:,}") for what, count in amounts.items()]
