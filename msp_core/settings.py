"""The one reader of the environment."""

import difflib
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from msp_core.checkout import checkout_root
from msp_core.clock import from_iso
from msp_core.errors import ConfigurationError
from msp_core.routing.catalog import load_catalog

Backend = Literal["local", "aws"]
Environment = Literal["demo", "staging", "prod"]
ModelProvider = Literal["offline", "ollama", "openai"]
PolicyName = Literal["learned", "cascade", "word_count", "regex", "weak", "strong"]
OpenSearchEngine = Literal["faiss", "lucene"]
VectorMode = Literal["ENHANCED", "CLASSIC"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

_WORD = re.compile(r"[A-Za-z0-9._:/-]{1,200}")
_PASSWORD = re.compile(r"//[^/\s]*@")


def _default_state_dir() -> Path:
    """`.msp` in the checkout, so that every working directory shares it; else in this one."""
    return (checkout_root() or Path()) / ".msp"


@dataclass(frozen=True)
class Settings:
    """Everything that can be set from outside; README.md describes each variable."""

    aws_region: str = "us-east-1"
    environment: Environment = "demo"
    log_level: LogLevel = "INFO"
    claude_model: str = "us.anthropic.claude-sonnet-4-6"
    titan_model: str = "us.amazon.nova-2-lite-v1:0"
    tickets_table: str | None = None
    sessions_table: str | None = None
    bedrock_embedding_model: str = "amazon.titan-embed-text-v2:0"
    backend: Backend = "local"
    state_dir: Path = field(default_factory=_default_state_dir)
    model_provider: ModelProvider = "offline"
    model_url: str | None = None
    weak_model: str | None = None
    strong_model: str | None = None
    embedding_path: Path | None = None
    embedding_dimension: int = 1024
    opensearch_endpoint: str | None = field(default=None, repr=False)
    opensearch_engine: OpenSearchEngine | None = None
    vector_bucket: str | None = None
    vector_index: str | None = None
    vector_mode: VectorMode = "ENHANCED"
    artifacts_bucket: str | None = None
    openai_api_key: str | None = field(default=None, repr=False)
    routing_policy: PolicyName = "learned"
    routing_threshold: float | None = None
    routing_model: Path | None = None
    triage_model: Path | None = None
    prices: Path | None = None
    daily_budget_usd: float | None = None
    customer_daily_budget_usd: float | None = None
    now: datetime | None = None
    cognito_issuer: str | None = None
    cognito_client_id: str | None = None
    cors_origins: tuple[str, ...] = ("http://localhost:8501",)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read and check `environ` (default: the process environment).

        An empty value counts as unset.

        Raises:
            ConfigurationError: names every malformed and every unknown `MSP_` variable at once.
        """
        env = {k: v for k, v in (os.environ if environ is None else environ).items() if v != ""}
        problems = [
            _unknown(name)
            for name in sorted(env)
            if name.startswith("MSP_") and name not in _READERS
        ]
        values: dict[str, object] = {}
        for name, (attribute, read) in _READERS.items():
            if name not in env:
                continue
            try:
                values[attribute] = read(env[name])
            except ValueError as error:
                shown = _PASSWORD.sub("//***@", env[name])
                problems.append(f"{name}={shown!r}: {error}")
        if not problems:
            settings = cls(**values)  # type: ignore[arg-type]  # a reader returns its field's type
            problems = settings._contradictions()
            if not problems:
                return settings
        raise ConfigurationError("The settings are not usable:\n  " + "\n  ".join(problems))

    def _contradictions(self) -> list[str]:
        found = []
        if self.backend == "aws":
            for name, value in (
                ("TICKETS_TABLE_NAME", self.tickets_table),
                ("SESSIONS_TABLE_NAME", self.sessions_table),
                ("MSP_OPENSEARCH_ENDPOINT", self.opensearch_endpoint),
                ("MSP_VECTOR_BUCKET", self.vector_bucket),
                ("MSP_VECTOR_INDEX", self.vector_index),
                ("MSP_ARTIFACTS_BUCKET", self.artifacts_bucket),
            ):
                if value is None:
                    found.append(f"{name} is not set, and MSP_BACKEND=aws needs it.")
        if self.model_provider != "offline":
            for name, value in (
                ("MSP_MODEL_URL", self.model_url),
                ("MSP_WEAK_MODEL", self.weak_model),
                ("MSP_STRONG_MODEL", self.strong_model),
            ):
                if value is None:
                    found.append(
                        f"{name} is not set, and MSP_MODEL_PROVIDER={self.model_provider} needs it."
                    )
        return found


def configure_logging(level: LogLevel) -> None:
    """Send log records of `level` and above to stderr, in one line each."""
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s")
    for noisy in ("strands", "httpx", "httpcore", "openai", "botocore", "papermill"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger("opensearch").setLevel(logging.ERROR)  # it warns of each index not yet there


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, _READERS, n=1)
    return f"{name} is not a known setting." + (
        f" Did you mean {close[0]}?" if close else " Unset it."
    )


def _choice(allowed: object):  # type: ignore[no-untyped-def]  # returns a reader of that Literal
    values = get_args(allowed)

    def read(text: str) -> str:
        if text not in values:
            raise ValueError(f"must be one of {', '.join(values)}")
        return text

    return read


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError("may hold only letters, digits and . _ : / -, 200 at most")
    return text


def _table(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{3,255}", text):
        raise ValueError("must be a DynamoDB table's name: 3 to 255 letters, digits and . _ -")
    return text


def _model_id(text: str) -> str:
    word = _word(text)
    try:
        load_catalog().check_alive(word)
    except ConfigurationError as error:
        raise ValueError(str(error)) from error
    return word


def _url(text: str) -> str:
    if _PASSWORD.search(text):
        raise ValueError("must hold no user name and password; a key goes into OPENAI_API_KEY")
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise ValueError("must be a URL such as http://localhost:11434")
    return text


def _number(low: float, high: float):  # type: ignore[no-untyped-def]  # returns a reader
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError as error:
            raise ValueError("must be a number") from error
        if not low <= number <= high:
            raise ValueError(f"must be between {low:g} and {high:,}")
        return number

    return read


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(","))
    for origin in origins:
        if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", origin):
            raise ValueError(
                "must be origins such as https://desk.example.com, with commas between them"
            )
    return origins


def _endpoint(text: str) -> str:
    if not re.fullmatch(r"https?://(?:[^\s/@]+@)?[^\s/@]+(/\S*)?", text):
        raise ValueError("must be a URL such as https://user:password@host:9200")
    return text


def _bucket(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text):
        raise ValueError("must be 3 to 63 lower-case letters, digits, dots and hyphens")
    return text


def _embedding_model(text: str) -> str:
    if not re.fullmatch(r"(arn:\S+/)?amazon\.titan-embed-text-v2:0", text):
        raise ValueError("must be amazon.titan-embed-text-v2:0, the model whose format is known")
    return text


def _dimension(text: str) -> int:
    if text not in {"1024", "512", "256"}:
        raise ValueError("must be 1024, 512 or 256")
    return int(text)


def _path(text: str) -> Path:
    if "\0" in text:
        raise ValueError("must be a path")
    return Path(text).expanduser()


def _time(text: str) -> datetime:
    try:
        return from_iso(text)
    except ValueError as error:
        raise ValueError(
            "must be an ISO 8601 time with zone, such as 2026-11-02T09:00:00Z"
        ) from error


_READERS = {
    "AWS_REGION": ("aws_region", _word),
    "ENVIRONMENT": ("environment", _choice(Environment)),
    "LOG_LEVEL": ("log_level", _choice(LogLevel)),
    "BEDROCK_CLAUDE_MODEL": ("claude_model", _model_id),
    "BEDROCK_TITAN_MODEL": ("titan_model", _model_id),
    "TICKETS_TABLE_NAME": ("tickets_table", _table),
    "SESSIONS_TABLE_NAME": ("sessions_table", _table),
    "BEDROCK_EMBEDDING_MODEL": ("bedrock_embedding_model", _embedding_model),
    "MSP_BACKEND": ("backend", _choice(Backend)),
    "MSP_STATE_DIR": ("state_dir", _path),
    "MSP_MODEL_PROVIDER": ("model_provider", _choice(ModelProvider)),
    "MSP_MODEL_URL": ("model_url", _url),
    "MSP_WEAK_MODEL": ("weak_model", _word),
    "MSP_STRONG_MODEL": ("strong_model", _word),
    "OPENAI_API_KEY": ("openai_api_key", str),
    "MSP_EMBEDDING_PATH": ("embedding_path", _path),
    "MSP_EMBEDDING_DIMENSION": ("embedding_dimension", _dimension),
    "MSP_OPENSEARCH_ENDPOINT": ("opensearch_endpoint", _endpoint),
    "MSP_OPENSEARCH_ENGINE": ("opensearch_engine", _choice(OpenSearchEngine)),
    "MSP_VECTOR_BUCKET": ("vector_bucket", _bucket),
    "MSP_VECTOR_INDEX": ("vector_index", _bucket),
    "MSP_VECTOR_MODE": ("vector_mode", _choice(VectorMode)),
    "MSP_ARTIFACTS_BUCKET": ("artifacts_bucket", _bucket),
    "MSP_ROUTING_POLICY": ("routing_policy", _choice(PolicyName)),
    "MSP_ROUTING_THRESHOLD": ("routing_threshold", _number(0, 1.01)),
    "MSP_ROUTING_MODEL": ("routing_model", _path),
    "MSP_DAILY_BUDGET_USD": ("daily_budget_usd", _number(0, 1_000_000)),
    "MSP_CUSTOMER_DAILY_BUDGET_USD": ("customer_daily_budget_usd", _number(0, 1_000_000)),
    "MSP_TRIAGE_MODEL": ("triage_model", _path),
    "MSP_PRICES": ("prices", _path),
    "MSP_NOW": ("now", _time),
    "MSP_COGNITO_ISSUER": ("cognito_issuer", _url),
    "MSP_COGNITO_CLIENT_ID": ("cognito_client_id", _word),
    "MSP_CORS_ORIGINS": ("cors_origins", _origins),
}
"""Environment variable -> (field of Settings, how its text is read)."""
