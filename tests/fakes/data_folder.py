"""Five tickets and three articles of two customers, without a fault."""

import json
from pathlib import Path
from typing import Any

_CUSTOMER = {
    "sla_plan": "gold",
    "timezone": "UTC",
    "business_hours": {"days": ["mon"], "from": "08:00", "to": "18:00"},
    "holidays": [],
    "targets_minutes": {},
    "minimum_priority": {},
}
CUSTOMERS = [
    {"customer_id": "acme", "name": "Acme", **_CUSTOMER},
    {"customer_id": "brook", "name": "Brook", **_CUSTOMER},
]
TEAMS = [{"team_id": "desk", "name": "Desk", "categories": ["Network"]}]


def _ticket(number: int, title: str, text: str, **fields: Any) -> dict[str, Any]:
    day = f"2026-03-0{number}"
    base: dict[str, Any] = {
        "ticket_id": f"TKT-{day.replace('-', '')}-0000000{number}",
        "customer_id": "acme",
        "title": title,
        "description": text,
        "status": "Open",
        "priority": "Medium",
        "category": "Network",
        "created_at": f"{day}T09:00:00Z",
        "updated_at": f"{day}T12:00:00Z",
        "requester": "ann@acme.example",
        "assigned_to": None,
        "team": "desk",
        "tags": [],
        "notes": [],
        "history": [],
        "resolution": None,
        "duplicate_of": None,
        "attachments": [],
    }
    return {**base, **fields}


TICKETS = [
    _ticket(
        1,
        "VPN drops every hour",
        "The tunnel to the head office is gone for a minute at every full hour since Monday.",
        status="Resolved",
        priority="High",
        notes=[
            {
                "id": "n1",
                "at": "2026-03-01T09:30:00Z",
                "author": "tom",
                "text": "Looking at the rekey times.",
                "visibility": "internal",
            },
            {
                "id": "n2",
                "at": "2026-03-01T10:00:00Z",
                "author": "tom",
                "text": "Please test again.",
                "visibility": "public",
            },
        ],
        history=[
            {
                "at": "2026-03-01T09:00:00Z",
                "actor": "ann",
                "field": "status",
                "from": None,
                "to": "Open",
            },
            {
                "at": "2026-03-01T09:10:00Z",
                "actor": "tom",
                "field": "priority",
                "from": "Low",
                "to": "High",
            },
            {
                "at": "2026-03-01T09:20:00Z",
                "actor": "tom",
                "field": "status",
                "from": "Open",
                "to": "In Progress",
            },
            {
                "at": "2026-03-01T11:00:00Z",
                "actor": "tom",
                "field": "status",
                "from": "In Progress",
                "to": "Resolved",
            },
        ],
        resolution={
            "at": "2026-03-01T11:00:00Z",
            "text": "Lifetimes made equal on both sides.",
            "article_ids": ["vpn-rekey"],
        },
    ),
    _ticket(
        2,
        "Tunnel lost again",
        "The connection to head office breaks off now and then.",
        duplicate_of="TKT-20260301-00000001",
    ),
    _ticket(
        3,
        "Drucker druckt nicht",
        "Der Drucker im Lager ist seit heute nicht mehr im Netz und wir können nichts drucken.",
        category="Hardware",
    ),
    _ticket(
        4,
        "New starter on Monday",
        "Please prepare a notebook and an account for our new colleague.",
        customer_id="brook",
        category="General",
        priority="Low",
        requester="hr@brook.example",
    ),
    _ticket(
        5,
        "Backup failed",
        "The nightly job ended with an error about missing space in the repository.",
        customer_id="brook",
        category="Software",
        requester="it@brook.example",
    ),
]


def _words(text: str) -> str:
    return f"{text} " + " ".join(
        f"{text.split(maxsplit=1)[0].lower()}{number}" for number in range(30)
    )


ARTICLES: dict[str, dict[str, Any]] = {
    "vpn-rekey": {
        "title": "VPN drops at every rekey",
        "updated": "2026-01-01",
        "text": _words("Compare the lifetimes of both phases."),
    },
    "printer-offline": {
        "title": "Printer shows offline",
        "category": "Hardware",
        "updated": "2026-01-02",
        "text": _words("Restart the spooler service first."),
    },
    "brook-runbook": {
        "title": "Brook: site and contacts",
        "category": "General",
        "updated": "2026-01-03",
        "customer_id": "brook",
        "audience": "internal",
        "text": _words("Ring the reception at the gate."),
    },
}


def write_articles(folder: Path, articles: dict[str, dict[str, Any]]) -> None:
    """Write each as `<id>.md`; files of others go."""
    for path in folder.glob("*.md"):
        path.unlink()
    for article_id, fields in articles.items():
        head = {
            "id": article_id,
            "category": "Network",
            "tags": ["x"],
            "audience": "public",
            **fields,
        }
        text = head.pop("text")
        lines = [f"{key}: {json.dumps(value)}" for key, value in head.items()]
        (folder / f"{article_id}.md").write_text(
            "---\n" + "\n".join(lines) + f"\n---\n{text}\n", encoding="utf-8"
        )


def write_data_folder(folder: Path) -> Path:
    """Write all of the above in the layout of `data/`; the folder."""
    (folder / "kb").mkdir(parents=True)
    (folder / "customers.json").write_text(json.dumps(CUSTOMERS))
    (folder / "teams.json").write_text(json.dumps(TEAMS))
    lines = "".join(json.dumps(ticket) + "\n" for ticket in TICKETS)
    (folder / "tickets.jsonl").write_text(lines)
    write_articles(folder / "kb", ARTICLES)
    return folder
