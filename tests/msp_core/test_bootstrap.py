import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from moto import mock_aws

from msp_core.bootstrap import build_services, knowledge, state_databases
from msp_core.costs.ledger import ModelCall
from msp_core.dynamodb.sessions import SESSIONS_TABLE
from msp_core.dynamodb.table import Table
from msp_core.errors import UsageError
from msp_core.loading import load_tickets
from msp_core.routing.request import RouteRequest
from msp_core.scope import Role
from msp_core.settings import Settings
from msp_core.tickets.dynamodb_items import TICKETS_TABLE


def test_importing_the_core_loads_no_sdk() -> None:
    code = (
        "import sys, msp_core, msp_core.bootstrap\n"
        "heavy = {'strands', 'boto3', 'botocore', 'openai', 'numpy', 'tokenizers', 'pandas'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_nothing_is_made_before_it_is_used(tmp_path: Path) -> None:
    services = build_services(Settings(state_dir=tmp_path / "state"))
    assert services.customers
    assert not (tmp_path / "state").exists()


def test_the_local_user_is_a_manager_of_every_customer(tmp_path: Path) -> None:
    services = build_services(Settings(state_dir=tmp_path))
    scope = services.local_scope()
    assert scope.role is Role.MANAGER
    assert scope.visible_customers == services.customers.keys()
    assert services.local_scope("keller").visible_customers == {"keller"}
    with pytest.raises(UsageError, match=r"Unknown customer 'nobody'\. Known: .*keller"):
        services.local_scope("nobody")


def test_the_pinned_time_is_everybodys(tmp_path: Path) -> None:
    now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    settings = Settings(state_dir=tmp_path, now=now)
    services = build_services(settings)
    assert services.clock() == now
    ticket = services.desk.create(services.local_scope("keller"), title="a", description="b")
    assert ticket.created_at == now
    later = build_services(replace(settings, now=None)).clock()
    assert later.year >= 2026
    assert later != now


def test_the_assistant_uses_the_models_of_the_settings(tmp_path: Path) -> None:
    services = build_services(Settings(state_dir=tmp_path))
    assert (services.models.weak.model_id, services.models.strong.model_id) == (
        "us.amazon.nova-2-lite-v1:0",
        "us.anthropic.claude-sonnet-4-6",
    )
    assert services.models.weak.simulated
    assert services.models.strong.price is not None
    assert services.assistant is services.assistant


def test_two_services_over_one_folder_see_each_others_tickets(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    one, other = build_services(settings), build_services(settings)
    scope = one.local_scope("keller")
    ticket = one.desk.create(scope, title="a", description="b")
    assert other.desk.read(ticket.ticket_id, scope) == ticket


def test_the_aws_backend_keeps_all_but_knowledge_in_its_tables(tmp_path: Path) -> None:
    settings = Settings(
        backend="aws",
        tickets_table="our-tickets",
        sessions_table="our-sessions",
        state_dir=tmp_path,
    )
    with mock_aws():
        for name, shape in (("our-tickets", TICKETS_TABLE), ("our-sessions", SESSIONS_TABLE)):
            Table(name, region=settings.aws_region).create(shape)
        services = build_services(settings)
        scope = services.local_scope("keller")
        ticket = services.desk.create(scope, title="a", description="b")
        at = services.clock()
        services.conversations.open("s1", scope, title="x", at=at)
        services.ledger.record(
            ModelCall(at, "s1", "t1", "keller", "m", 1, 1, 0, 0, 0.5, simulated=False)
        )
        again = build_services(settings)
        assert again.desk.read(ticket.ticket_id, scope) == ticket
        assert again.conversations.recent(scope)[0].session_id == "s1"
        assert again.ledger.spent_usd(at.date(), customer_id="keller") == 0.5
    assert not list(tmp_path.glob("*.db"))


def test_turns_are_routed_alike_on_both_backends(tmp_path: Path) -> None:
    here = build_services(Settings(state_dir=tmp_path)).policy
    there = build_services(Settings(backend="aws", state_dir=tmp_path)).policy
    assert there.version == here.version
    for text in (
        "Show my open tickets",
        "Two of the files on the share have odd endings since noon",
    ):
        assert there.decide(RouteRequest(text)) == here.decide(RouteRequest(text))
    assert here.familiarity is not None  # the learned router, on MiniLM's vectors


def test_loading_into_aws_can_be_repeated(tmp_path: Path, root: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("customers.json", "teams.json"):
        shutil.copy(root / "data" / name, data)
    rows = (root / "data" / "tickets.jsonl").read_text(encoding="utf-8").splitlines()[:12]
    (data / "tickets.jsonl").write_text("\n".join(rows[:10]), encoding="utf-8")
    settings = Settings(
        backend="aws", tickets_table="our-tickets", sessions_table="x", state_dir=tmp_path / "state"
    )
    with mock_aws():
        Table("our-tickets", region=settings.aws_region).create(TICKETS_TABLE)
        services = build_services(settings, data_dir=data)
        scope = services.local_scope()
        assert load_tickets(services).added == 10
        newest = services.desk.find(scope).tickets[0]
        services.desk.add_note(newest.ticket_id, "mine", scope, visibility="internal")
        (data / "tickets.jsonl").write_text("\n".join(rows), encoding="utf-8")
        report = load_tickets(build_services(settings, data_dir=data))
        assert (report.added, report.present) == (2, 10)
        assert services.desk.read(newest.ticket_id, scope).notes[-1].text == "mine"


def test_a_restore_that_was_cut_off_goes_on_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "restore.pending").mkdir()
    build_services(Settings(state_dir=tmp_path))
    assert not (tmp_path / "restore.pending").exists()


def test_every_database_of_the_state_can_be_restored(tmp_path: Path) -> None:
    services = build_services(Settings(state_dir=tmp_path))
    services.tickets.secret()
    services.conversations.recent(services.local_scope())
    services.ledger.sums("day")
    services.tier_state.capacity()
    services.tiers.hot.create()
    services.tiers.cold.create()
    services.tiers.statistics.documents()
    knowledge.quarantine_list(services.settings).rows()
    knowledge.source_rules(services.settings).all()
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.db")}
    assert made == state_databases().keys()
