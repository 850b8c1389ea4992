from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from msp_core.errors import ConfigurationError
from msp_core.settings import _READERS, Settings


def refused(**environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env(environ)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = Settings.from_env({})
    assert settings == Settings()
    assert settings.aws_region == "us-east-1"
    assert settings.environment == "demo"
    assert settings.log_level == "INFO"
    assert settings.claude_model == "us.anthropic.claude-sonnet-4-6"
    assert settings.titan_model == "us.amazon.nova-2-lite-v1:0"
    assert settings.backend == "local"
    assert settings.state_dir.name == ".msp"
    assert settings.model_provider == "offline"
    assert settings.now is None


def test_every_variable_reaches_its_field() -> None:
    environ = {
        "AWS_REGION": "eu-central-1",
        "ENVIRONMENT": "prod",
        "LOG_LEVEL": "DEBUG",
        "BEDROCK_CLAUDE_MODEL": "us.anthropic.claude-haiku-4-5",
        "BEDROCK_TITAN_MODEL": "us.amazon.nova-micro-v1:0",
        "TICKETS_TABLE_NAME": "our-tickets",
        "SESSIONS_TABLE_NAME": "our-sessions",
        "BEDROCK_EMBEDDING_MODEL": "arn:aws:x:1:model/amazon.titan-embed-text-v2:0",
        "MSP_BACKEND": "local",
        "MSP_STATE_DIR": "~/state",
        "MSP_MODEL_PROVIDER": "openai",
        "MSP_MODEL_URL": "http://localhost:8080/v1",
        "MSP_WEAK_MODEL": "llama3.2:3b",
        "MSP_STRONG_MODEL": "org/llama-70b",
        "OPENAI_API_KEY": "sk-secret",
        "MSP_EMBEDDING_PATH": "/models/minilm",
        "MSP_EMBEDDING_DIMENSION": "256",
        "MSP_OPENSEARCH_ENDPOINT": "https://me:hunter2@localhost:9200/path",
        "MSP_OPENSEARCH_ENGINE": "lucene",
        "MSP_VECTOR_BUCKET": "our-vectors",
        "MSP_VECTOR_INDEX": "knowledge-1024",
        "MSP_VECTOR_MODE": "CLASSIC",
        "MSP_ARTIFACTS_BUCKET": "our-artifacts",
        "MSP_ROUTING_POLICY": "regex",
        "MSP_ROUTING_THRESHOLD": "0.4",
        "MSP_ROUTING_MODEL": "router.json",
        "MSP_DAILY_BUDGET_USD": "20",
        "MSP_CUSTOMER_DAILY_BUDGET_USD": "2.5",
        "MSP_TRIAGE_MODEL": "own-triage.json",
        "MSP_PRICES": "~/prices.toml",
        "MSP_NOW": "2026-11-02T10:00:00+01:00",
        "MSP_COGNITO_ISSUER": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_x",
        "MSP_COGNITO_CLIENT_ID": "our-client",
        "MSP_CORS_ORIGINS": "https://desk.example.com, http://localhost:8501",
    }
    assert environ.keys() == _READERS.keys(), "a new setting belongs into this test"
    settings = Settings.from_env(environ)
    defaults = Settings()
    same = {
        field.name
        for field in fields(Settings)
        if getattr(settings, field.name) == getattr(defaults, field.name)
    }
    assert same == {"backend"}
    assert settings.now == datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    assert settings.state_dir == Path.home() / "state"


def test_an_empty_value_counts_as_unset() -> None:
    assert Settings.from_env({"ENVIRONMENT": "", "MSP_NOW": "", "MSP_NONSENSE": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_REGION", "us east"),
        ("MSP_ROUTING_THRESHOLD", "2"),
        ("MSP_DAILY_BUDGET_USD", "-1"),
        ("MSP_DAILY_BUDGET_USD", "nan"),
        ("MSP_CUSTOMER_DAILY_BUDGET_USD", "ten"),
        ("ENVIRONMENT", "production"),
        ("LOG_LEVEL", "debug"),
        ("BEDROCK_CLAUDE_MODEL", "a model"),
        ("BEDROCK_EMBEDDING_MODEL", "cohere.embed-v4:0"),
        ("MSP_BACKEND", "azure"),
        ("MSP_EMBEDDING_DIMENSION", "384"),
        ("MSP_OPENSEARCH_ENDPOINT", "localhost:9200"),
        ("MSP_OPENSEARCH_ENGINE", "nmslib"),
        ("MSP_VECTOR_BUCKET", "Vectors"),
        ("MSP_VECTOR_MODE", "fast"),
        ("MSP_ARTIFACTS_BUCKET", "s3://ours"),
        ("MSP_STATE_DIR", "a\0b"),
        ("MSP_MODEL_PROVIDER", "anthropic"),
        ("MSP_MODEL_URL", "localhost:8080"),
        ("MSP_WEAK_MODEL", "x" * 201),
        ("MSP_ROUTING_POLICY", "cheapest"),
        ("MSP_NOW", "tomorrow"),
        ("MSP_NOW", "2026-11-02T09:00:00"),
    ],
)
def test_a_malformed_value_is_named(name: str, value: str) -> None:
    text = refused(**{name: value})
    assert f"{name}={value!r}" in text
    assert "must be" in text or "may hold only" in text


def test_all_problems_are_named_at_once_with_the_likely_name() -> None:
    text = refused(
        MSP_STATEDIR="x", MSP_ZZZZZZ="1", ENVIRONMENT="x", MSP_NOW="x", MSP_MODEL_URL="x"
    )
    assert "MSP_STATEDIR is not a known setting. Did you mean MSP_STATE_DIR?" in text
    assert "MSP_ZZZZZZ is not a known setting. Unset it." in text
    for name in ("ENVIRONMENT", "MSP_NOW", "MSP_MODEL_URL"):
        assert f"{name}='x'" in text


def test_other_peoples_variables_are_left_alone() -> None:
    assert Settings.from_env({"PATH": "/bin", "HOME": "/root", "MSPX": "1"}) == Settings()


@pytest.mark.parametrize(
    ("name", "retired", "successor"),
    [
        (
            "BEDROCK_CLAUDE_MODEL",
            "anthropic.claude-3-sonnet-20240229-v1:0",
            "us.anthropic.claude-sonnet-4-6",
        ),
        ("BEDROCK_TITAN_MODEL", "amazon.titan-text-express-v1", "us.amazon.nova-2-lite-v1:0"),
    ],
)
def test_a_retired_model_names_its_successor(name: str, retired: str, successor: str) -> None:
    text = refused(**{name: retired})
    assert "retired" in text
    assert successor in text


def test_another_model_provider_names_everything_it_lacks() -> None:
    text = refused(MSP_MODEL_PROVIDER="ollama")
    for name in ("MSP_MODEL_URL", "MSP_WEAK_MODEL", "MSP_STRONG_MODEL"):
        assert name in text


def test_the_aws_backend_names_everything_it_lacks() -> None:
    text = refused(MSP_BACKEND="aws", MSP_VECTOR_BUCKET="ours")
    for name in (
        "TICKETS_TABLE_NAME",
        "SESSIONS_TABLE_NAME",
        "MSP_OPENSEARCH_ENDPOINT",
        "MSP_VECTOR_INDEX",
        "MSP_ARTIFACTS_BUCKET",
    ):
        assert f"{name} is not set" in text
    assert "MSP_VECTOR_BUCKET" not in text


def test_no_secret_is_shown() -> None:
    assert "sk-secret" not in repr(Settings.from_env({"OPENAI_API_KEY": "sk-secret"}))
    assert "sk-secret" not in refused(OPENAI_API_KEY="sk-secret", ENVIRONMENT="x")


def test_the_password_of_the_endpoint_is_never_shown() -> None:
    url = "https://me:hunter2@localhost:9200"
    assert "hunter2" not in repr(Settings.from_env({"MSP_OPENSEARCH_ENDPOINT": url}))
    assert "hunter2" not in refused(MSP_OPENSEARCH_ENDPOINT=f"{url} x")


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    text = refused(MSP_MODEL_URL="http://me:hunter2@localhost/v1")
    assert "OPENAI_API_KEY" in text
    assert "hunter2" not in text
