import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from msp_core.aws_calls import make_client
from msp_core.errors import ConfigurationError, DependencyFailed
from msp_core.knowledge.titan import CONNECTIONS, Titan
from tests.fakes import bedrock_embeddings
from tests.fakes.aws_endpoint import AwsEndpoint, Json, Refusal

MODEL = bedrock_embeddings.MODEL


@pytest.fixture(scope="module")
def endpoint() -> Iterator[AwsEndpoint]:
    with AwsEndpoint(bedrock_embeddings.answer) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def client(endpoint: AwsEndpoint) -> Any:
    with endpoint.reached_by("bedrock-runtime"):
        return make_client("bedrock-runtime", region="us-east-1", connections=CONNECTIONS)


@pytest.fixture(autouse=True)
def _as_new(endpoint: AwsEndpoint) -> None:
    endpoint.answer = bedrock_embeddings.answer
    endpoint.requests.clear()
    endpoint.failures.clear()


@pytest.mark.parametrize("dimension", [1024, 512, 256])
def test_vectors_have_the_length_that_was_asked_for(client: Any, dimension: int) -> None:
    titan = Titan(client, model=MODEL, dimension=dimension)
    assert titan.dimension == dimension
    assert titan.model_id == f"{MODEL}/{dimension}"
    vectors = titan.embed(["vpn drops", "vpn tunnel", "printer"])
    assert vectors.shape == (3, dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_another_dimension_is_refused(client: Any) -> None:
    with pytest.raises(ValueError, match="384"):
        Titan(client, model=MODEL, dimension=384)


def test_odd_texts_have_vectors_too(client: Any, endpoint: AwsEndpoint) -> None:
    titan = Titan(client, model=MODEL, dimension=256)
    assert titan.embed([]).shape == (0, 256)
    vectors = titan.embed(["", "  \n", "\ud800", "word " * 20_000, "?" * 60_000])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert len(endpoint.requests) > 5, "what has too many tokens is sent again, shorter"


def test_rows_keep_their_order_when_calls_overlap(client: Any, endpoint: AwsEndpoint) -> None:
    def slower_at_first(path: str, body: Json) -> Json:
        time.sleep(0.05 if body["inputText"] < "text 10" else 0.0)
        return bedrock_embeddings.answer(path, body)

    texts = [f"text {number:02d}" for number in range(24)]
    titan = Titan(client, model=MODEL, dimension=256)
    alone = titan.embed(texts)
    endpoint.answer = slower_at_first
    started = time.perf_counter()
    assert titan.embed(texts) == pytest.approx(alone)
    assert time.perf_counter() - started < 0.4, "ten calls of 50 ms, one after the other, take 0.5"


def test_throttled_and_failed_calls_are_repeated(client: Any, endpoint: AwsEndpoint) -> None:
    endpoint.failures += [
        Refusal("ThrottlingException", "Too many requests", 429),
        Refusal("ServiceUnavailableException", "try again", 503),
    ]
    assert Titan(client, model=MODEL).embed(["vpn"]).shape == (1, 1024)
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(
    ("failure", "error", "said"),
    [
        (Refusal("AccessDeniedException", "not yours", 403), ConfigurationError, "permission"),
        (Refusal("ExpiredTokenException", "old", 403), ConfigurationError, "Sign in again"),
        (Refusal("ValidationException", "malformed", 400), DependencyFailed, "malformed"),
    ],
)
def test_what_cannot_be_repeated_is_explained(
    client: Any, endpoint: AwsEndpoint, failure: Refusal, error: type[Exception], said: str
) -> None:
    endpoint.failures.append(failure)
    with pytest.raises(error, match=said):
        Titan(client, model=MODEL).embed(["vpn"])
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("answer", [{"embedding": [0.0] * 1024}, {"embedding": [1.0]}, {}])
def test_an_unusable_answer_is_a_failure(client: Any, endpoint: AwsEndpoint, answer: Json) -> None:
    endpoint.answer = lambda _path, _body: answer
    with pytest.raises(DependencyFailed, match="1024"):
        Titan(client, model=MODEL).embed(["vpn"])


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    client = make_client("bedrock-runtime", region="us-east-1")
    with pytest.raises(ConfigurationError, match="AWS_PROFILE"):
        Titan(client, model=MODEL).embed(["vpn"])
