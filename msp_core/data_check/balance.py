"""How tickets and articles spread: tables, and the limits of the profile on them."""

from collections import Counter
from collections.abc import Iterable

from msp_core.data_check.findings import Check, Problem, Table
from msp_core.data_check.folder import TICKETS, Folder
from msp_core.data_check.languages import language_table
from msp_core.data_check.profile import Profile
from msp_core.tickets.ticket import Category, Priority, Status


def balance_tables(folder: Folder) -> tuple[Table, ...]:
    """Counts by status, priority, category, customer, language and month, and of articles."""
    tickets, articles = folder.tickets, folder.articles
    return (
        _ordered("status", Status, (str(ticket.status) for ticket in tickets)),
        _ordered("priority", Priority, (str(ticket.priority) for ticket in tickets)),
        _ordered("category", Category, (str(ticket.category) for ticket in tickets)),
        _sorted("customer", (ticket.customer_id for ticket in tickets)),
        language_table("language", (f"{t.title}\n{t.description}" for t in tickets)),
        _sorted("month", (f"{ticket.created_at:%Y-%m}" for ticket in tickets)),
        _ordered("articles by category", Category, (str(a.category) for a in articles)),
        _sorted("articles by audience", (article.audience for article in articles)),
    )


def check_balance(folder: Folder, tables: tuple[Table, ...], profile: Profile) -> Check:
    """Whether there is enough of everything, in the proportions of a desk."""
    by_name = {table.name: dict(table.counts) for table in tables}
    total = len(folder.tickets)
    problems: list[Problem] = []
    languages = sum(count > 1 for name, count in by_name["language"].items() if name != "unclear")
    hostile = sum(article.hostile for article in folder.articles)
    for what, number, least, file in (
        ("tickets", total, profile.least_tickets, TICKETS),
        ("articles", len(folder.articles), profile.least_articles, "kb"),
        ("customers", len(folder.customers), profile.least_customers, "customers.json"),
        ("languages with two tickets or more", languages, profile.least_languages, TICKETS),
        ("articles with hostile text", hostile, profile.least_hostile_articles, "kb"),
    ):
        if number < least:
            problems.append(profile.problem(file, 0, f"{number} {what}, and {least} are asked for"))
    for limits, too_low in ((profile.least_share, True), (profile.largest_share, False)):
        for rule, limit in limits.items():
            name, _, values = rule.partition(": ")
            found = sum(by_name[name].get(value, 0) for value in values.split(", "))
            share = found / total if total else limit
            if (share < limit) if too_low else (share > limit):
                word = "at least" if too_low else "at most"
                reason = f"{rule}: {share:.0%} of the tickets, and {word} {limit:.0%} is asked for"
                problems.append(profile.problem(TICKETS, 0, reason))
    asked = 5 + len(profile.least_share) + len(profile.largest_share)
    return Check("amount and balance", "limits", asked, tuple(problems))


def _ordered(name: str, order: Iterable[str], values: Iterable[str]) -> Table:
    counts = Counter(values)
    return Table(name, tuple((str(value), counts[str(value)]) for value in order))


def _sorted(name: str, values: Iterable[str]) -> Table:
    return Table(name, tuple(sorted(Counter(values).items())))
