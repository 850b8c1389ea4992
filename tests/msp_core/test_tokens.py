import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from click.testing import CliRunner

from msp_core.bootstrap import Services
from msp_core.cli import msp
from msp_core.clock import system_clock
from msp_core.errors import ConfigurationError, NotAuthenticated, UsageError
from msp_core.scope import Role, Scope, scope_from_claims
from msp_core.settings import Settings
from msp_core.tokens import LocalTokens, local_claims

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TOM = Scope("tom", Role.TECHNICIAN, frozenset({"keller", "alta-foods"}))
HOUR = timedelta(hours=1)


def tokens(folder: Path, at: datetime = NOW) -> LocalTokens:
    return LocalTokens(folder / "tokens.key", lambda: at)


def test_a_token_says_who_asks(tmp_path: Path) -> None:
    token = tokens(tmp_path).issue(TOM, lifetime=HOUR)
    # Another process with the same state folder.
    assert scope_from_claims(tokens(tmp_path).verify(token)) == TOM


def test_it_ends(tmp_path: Path) -> None:
    token = tokens(tmp_path).issue(TOM, lifetime=HOUR)
    tokens(tmp_path, NOW + HOUR - timedelta(seconds=1)).verify(token)
    with pytest.raises(NotAuthenticated, match="expired"):
        tokens(tmp_path, NOW + HOUR).verify(token)


def test_one_from_the_future_is_refused(tmp_path: Path) -> None:
    token = tokens(tmp_path, NOW + timedelta(seconds=61)).issue(TOM, lifetime=HOUR)
    with pytest.raises(NotAuthenticated, match="future"):
        tokens(tmp_path).verify(token)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_forged_ones_are_refused(tmp_path: Path) -> None:
    good = tokens(tmp_path).issue(TOM, lifetime=HOUR)
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    manager = claims | {"custom:role": "manager"}
    forged = [
        f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(manager)}.",
        f"{_part({'alg': 'None'})}.{_part(manager)}.{signature}",
        f"{head}.{_part(manager)}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        jwt.encode(manager, b"another key, as long as ours is.", algorithm="HS256"),
        jwt.encode(manager, b"x" * 64, algorithm="HS512"),
        jwt.encode(manager, tokens(tmp_path)._key() * 2, algorithm="HS512"),
        "",
        "a.b.c",
        "\u00fc.\u00fc.\u00fc",
        good + "A" * 5000,
        f"{head}.{_part('[' * 3000)}.{signature}",
    ]
    for token in forged:
        with pytest.raises(NotAuthenticated):
            tokens(tmp_path).verify(token)


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    tokens(tmp_path).prepare()
    key_file = tmp_path / "tokens.key"
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["tokens.key"]
    key_file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="0640"):
        tokens(tmp_path).issue(TOM, lifetime=HOUR)


def test_a_cut_key_is_refused(tmp_path: Path) -> None:
    tokens(tmp_path).prepare()
    (tmp_path / "tokens.key").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="32 bytes"):
        tokens(tmp_path).issue(TOM, lifetime=HOUR)


def test_on_aws_it_must_be_set_whose_tokens_count(tmp_path: Path) -> None:
    names = {"MSP_BACKEND": "aws", "TICKETS_TABLE_NAME": "one", "SESSIONS_TABLE_NAME": "two"}
    names |= {"MSP_OPENSEARCH_ENDPOINT": "http://127.0.0.1:9200", "MSP_VECTOR_BUCKET": "our-v"}
    names |= {"MSP_VECTOR_INDEX": "our-i", "MSP_ARTIFACTS_BUCKET": "our-a"}
    unset = Services(Settings.from_env(names), tmp_path)
    with pytest.raises(ConfigurationError, match=r"MSP_COGNITO_ISSUER and MSP_COGNITO_CLIENT_ID"):
        _ = unset.token_rules
    with pytest.raises(ConfigurationError, match="refused with MSP_BACKEND=aws"):
        _ = unset.local_tokens
    issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x"
    cognito = {"MSP_COGNITO_ISSUER": issuer, "MSP_COGNITO_CLIENT_ID": "client"}
    rules = Services(Settings.from_env(names | cognito), tmp_path).token_rules
    with pytest.raises(NotAuthenticated, match="iss"):  # a local token, sent to AWS
        rules.check(local_claims(TOM, NOW, lifetime=HOUR), NOW)


@pytest.mark.parametrize("origin", ["*", "desk.example.com", "https://a.example/x", "https://a,"])
def test_an_origin_that_is_none(origin: str) -> None:
    with pytest.raises(ConfigurationError, match="MSP_CORS_ORIGINS"):
        Settings.from_env({"MSP_CORS_ORIGINS": origin})


def test_the_command_prints_a_token_alone(tmp_path: Path, root: Path) -> None:
    command = "from msp_core.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "token", "--role=customer", "--customer=keller"],
        cwd=root,
        env=os.environ | {"MSP_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    token = done.stdout.removesuffix("\n")
    claims = LocalTokens(tmp_path / "tokens.key", system_clock).verify(token)
    assert scope_from_claims(claims) == Scope("local", Role.CUSTOMER, frozenset({"keller"}))


@pytest.mark.parametrize("actor", ["a b", "", "-a", "x" * 65])
def test_an_actor_that_is_none_is_a_usage_error(actor: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        msp,
        ["token", "--role=manager", "--customer=keller", "--actor", actor],
        env={"MSP_STATE_DIR": str(tmp_path)},
    )
    assert isinstance(done.exception, UsageError)
    assert "--actor" in str(done.exception)
