"""The fallback to the other model, on the wire format of Bedrock."""

from collections.abc import Iterator
from typing import get_args

import pytest
from botocore.config import Config
from strands.models import BedrockModel

from msp_core.assistant.events import answer_text
from msp_core.assistant.models import ChatModel, ModelPair
from msp_core.routing.price import Price
from tests.fakes.bedrock_runtime import BedrockServer, Fault, Reply
from tests.fakes.bench import Bench, codes, of_type
from tests.fakes.scripted_model import Reply as Scripted

PRICE = Price(1.0, 2.0, 0.1)


@pytest.fixture
def server(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockServer]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with BedrockServer({"weak": [], "strong": []}) as running:

        def model(model_id: str) -> ChatModel:
            adapter = BedrockModel(
                model_id=model_id,
                endpoint_url=running.url,
                region_name="us-east-1",
                boto_client_config=Config(
                    retries={"total_max_attempts": 1}, read_timeout=5, connect_timeout=5
                ),
            )
            return ChatModel(model_id, PRICE, False, adapter)

        bench.pair = ModelPair(weak=model("weak"), strong=model("strong"))
        yield running


@pytest.mark.parametrize("fault", get_args(Fault))
def test_every_way_to_fail_goes_to_the_other_model(
    bench: Bench, server: BedrockServer, fault: Fault
) -> None:
    server.replies["weak"] = [Reply("Half of", fault=fault)] * 3
    server.replies["strong"] = [Reply("All of it.")]
    events = bench.ask("hello there")
    assert answer_text(events) == "All of it."
    assert set(codes(events)) == {"model_retry"}
    assert of_type(events, "usage")[-1]["model"] == "strong"
    assert server.asked[-1] == "strong"
    assert 1 <= server.asked.count("weak") <= 2
    assert events[-1]["stop"] == "end_turn"


def test_a_draft_that_breaks_off_goes_to_the_strong_model(
    bench: Bench, server: BedrockServer
) -> None:
    bench.policy = "cascade"
    server.replies["weak"] = [Reply("Half of it", fault="truncated")]
    server.replies["strong"] = [Reply("All of it.")]
    events = bench.ask("hello there")
    assert answer_text(events) == "All of it."
    assert server.asked == ["weak", "strong"]


def test_cached_tokens_are_paid_at_their_own_price(bench: Bench, server: BedrockServer) -> None:
    server.replies["weak"] = [Reply("One.", cache_read_tokens=1_000), Reply("Two.")]
    bench.ask("hello there")
    (row,) = bench.ledger.sums("model")
    assert row.cache_tokens == 1_000
    assert row.cost_usd == pytest.approx((100 + 10 * 2 + 1_000 * 0.1) / 1e6)


def test_an_answer_without_an_end_is_a_failure_of_any_model(bench: Bench) -> None:
    bench.script(Scripted("Half of", endless=True), Scripted("All of it."))
    events = bench.ask("hello there")
    assert answer_text(events) == "All of it."
    assert set(codes(events)) == {"model_retry"}
