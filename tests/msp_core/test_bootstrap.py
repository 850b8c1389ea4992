import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from msp_core.bootstrap import build_services
from msp_core.errors import UsageError
from msp_core.scope import Role
from msp_core.settings import Settings


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
