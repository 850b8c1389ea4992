"""References: what is named exists, and may be named there."""

from collections.abc import Iterator

from msp_core.data_check.findings import Check, Problem
from msp_core.data_check.folder import Folder, article_file
from msp_core.knowledge.article import Article
from msp_core.tickets.ticket import Ticket


def check_references(folder: Folder) -> Check:
    """Customers, teams, cited articles, duplicates, successors and variants.

    An original is older, of the same customer, and no duplicate itself. Nobody cites an article
    that belongs to another customer.
    """
    articles = {article.article_id: article for article in folder.articles}
    tickets = {ticket.ticket_id: ticket for ticket in folder.tickets}
    problems: list[Problem] = []
    count = 0
    for ticket in folder.tickets:
        named = [ticket.customer_id, ticket.team, ticket.duplicate_of]
        cited = ticket.resolution.article_ids if ticket.resolution else ()
        count += sum(name is not None for name in named) + len(cited)
        reasons = [
            *_desk(ticket, folder),
            *_citations(ticket, cited, articles),
            *_original(ticket, tickets),
        ]
        problems += [folder.error(ticket, reason) for reason in reasons]
    for article in folder.articles:
        links = (article.customer_id, article.superseded_by, article.variant_of)
        count += sum(name is not None for name in links)
        problems += [
            Problem("error", article_file(article), 0, reason)
            for reason in _article(article, articles, folder)
        ]
    return Check("references", "references", count, tuple(problems))


def _desk(ticket: Ticket, folder: Folder) -> Iterator[str]:
    if ticket.customer_id not in folder.customers:
        yield f"there is no customer {ticket.customer_id}"
    if ticket.team is not None and ticket.team not in folder.teams:
        yield f"there is no team {ticket.team}"


def _citations(
    ticket: Ticket, cited: tuple[str, ...], articles: dict[str, Article]
) -> Iterator[str]:
    for article_id in cited:
        article = articles.get(article_id)
        if article is None:
            yield f"its resolution cites {article_id}, which does not exist"
        elif article.customer_id not in {None, ticket.customer_id}:
            yield f"its resolution cites {article_id}, which belongs to {article.customer_id}"
    if len(set(cited)) < len(cited):
        yield "its resolution cites an article twice"


def _original(ticket: Ticket, tickets: dict[str, Ticket]) -> Iterator[str]:
    if ticket.duplicate_of is None:
        return
    original = tickets.get(ticket.duplicate_of)
    if original is None:
        yield f"it repeats {ticket.duplicate_of}, which does not exist"
        return
    if (original.created_at, original.ticket_id) >= (ticket.created_at, ticket.ticket_id):
        yield f"it repeats {original.ticket_id}, which is not older"
    if original.customer_id != ticket.customer_id:
        yield f"it repeats {original.ticket_id} of another customer ({original.customer_id})"
    if original.duplicate_of is not None:
        yield f"it repeats {original.ticket_id}, which repeats another itself"


def _article(article: Article, articles: dict[str, Article], folder: Folder) -> Iterator[str]:
    if article.customer_id is not None and article.customer_id not in folder.customers:
        yield f"there is no customer {article.customer_id}"
    for field in ("superseded_by", "variant_of"):
        other_id = getattr(article, field)
        if other_id is None:
            continue
        other = articles.get(other_id)
        if other is None:
            yield f"{field}: there is no article {other_id}"
        elif other.customer_id not in {None, article.customer_id}:
            yield f"{field}: {other_id} belongs to {other.customer_id}"
        elif field == "superseded_by" and other.updated < article.updated:
            yield f"superseded_by: {other_id} is older ({other.updated}, this {article.updated})"
