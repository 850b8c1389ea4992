"""Masks in canonical records: every text and every field that names somebody."""

from dataclasses import replace
from typing import Any

from msp_core.guardrails.pii import Masker
from msp_core.knowledge.article import Article

_NAMING_FIELDS = frozenset({"assigned_to", "requester"})


def mask_ticket(record: dict[str, Any], masker: Masker) -> dict[str, Any]:
    """The canonical record with masks; ids, times, words, tags and sizes stay."""
    people = tuple(
        str(name)
        for name in (
            record["requester"],
            record["assigned_to"],
            *(n["author"] for n in record["notes"]),
        )
        if name
    )

    def text(value: str) -> str:
        return masker.mask(value, people=people)

    def name(value: str | None) -> str | None:
        return masker.mask_identity(value) if value else value

    resolution = record["resolution"]
    return {
        **record,
        "title": text(record["title"]),
        "description": text(record["description"]),
        "requester": name(record["requester"]),
        "assigned_to": name(record["assigned_to"]),
        "notes": [
            {**note, "author": name(note["author"]), "text": text(note["text"])}
            for note in record["notes"]
        ],
        "history": [
            {
                **change,
                "actor": name(change["actor"]),
                **(
                    {"from": name(change["from"]), "to": name(change["to"])}
                    if change["field"] in _NAMING_FIELDS
                    else {}
                ),
            }
            for change in record["history"]
        ],
        "resolution": {**resolution, "text": text(resolution["text"])} if resolution else None,
        "attachments": [{**item, "name": text(item["name"])} for item in record["attachments"]],
    }


def mask_article(article: Article, masker: Masker) -> Article:
    """The article with masks in title and text."""
    return replace(article, title=masker.mask(article.title), text=masker.mask(article.text))
