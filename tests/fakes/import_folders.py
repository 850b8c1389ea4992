"""CSV rows to import, and ways to look at the folder that an import makes."""

import json
from pathlib import Path
from typing import Any

CSV_HEADER = (
    "Ticket ID,Subject,Description,Status,Priority,Category,Customer,Requester Email,Created At"
)


def tickets_of(folder: Path) -> dict[str, dict[str, Any]]:
    """The tickets of a folder by their source id, or their own id."""
    lines = (folder / "tickets.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return {
        next(
            (tag.partition("-")[2] for tag in row["tags"] if tag.startswith("source:")),
            row["ticket_id"],
        ): row
        for row in rows
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def row(
    number: int,
    *,
    title: str = "Printer down",
    text: str = "It prints nothing at all.",
    status: str = "Open",
    priority: str = "Low",
    created: str = "2026-03-04T09:12:00Z",
) -> str:
    return (
        f"{number},{title},{text},{status},{priority},Hardware,Acme Ltd,ann@acme.example,{created}"
    )
