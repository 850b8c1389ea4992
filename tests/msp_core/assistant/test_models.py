"""Real model adapters against a server that speaks the protocol."""

import socket
from collections.abc import Sequence
from typing import Any

import pytest

from msp_core.assistant.events import answer_text
from msp_core.assistant.models import build_models
from msp_core.errors import ConfigurationError
from msp_core.routing.catalog import load_catalog
from msp_core.settings import Settings
from tests.fakes.bench import MANAGER, Bench, codes, of_type, only
from tests.fakes.openai_server import OpenAiServer, Reply, ToolCall

SEARCH = Reply(tool_calls=(ToolCall("search_knowledge", {"query": "VPN drops every hour"}),))


def use(bench: Bench, url: str, provider: str = "openai", weak: str = "small") -> None:
    """Let the models behind `url` answer."""
    settings = Settings.from_env(
        {
            "MSP_MODEL_PROVIDER": provider,
            "MSP_MODEL_URL": url,
            "MSP_WEAK_MODEL": weak,
            "MSP_STRONG_MODEL": "large",
        }
    )
    bench.pair = build_models(settings, load_catalog())


def asked_models(server: OpenAiServer) -> list[str]:
    return [request["model"] for request in server.requests]


@pytest.mark.parametrize(
    ("provider", "cut"), [("openai", ""), ("openai", "/"), ("ollama", "/v1"), ("ollama", "")]
)
def test_a_question_is_answered_with_citations(bench: Bench, provider: str, cut: str) -> None:
    """Ollama is named without `/v1`; both forms work."""
    answer = Reply("Raise the lifetime to 28800 seconds [article:vpn-drops]. Ünïcode 🖨.")
    with OpenAiServer([SEARCH, answer]) as server:
        url = server.url + cut if cut == "/" else server.url.removesuffix(cut)
        use(bench, url, provider)
        events = bench.ask("VPN drops every hour, what now?")
    assert answer_text(events) == answer.text
    assert only(events, "citation")["id"] == "article:vpn-drops"
    assert asked_models(server) == ["small", "small"]
    assert codes(events) == [], "a real model is no stand-in"
    assert [event["input_tokens"] for event in of_type(events, "usage")] == [100, 100]
    assert {event["cost_usd"] for event in of_type(events, "usage")} == {None}


def test_the_server_gets_the_prompt_the_tools_and_the_conversation(bench: Bench) -> None:
    with OpenAiServer([Reply("Hello."), SEARCH, Reply("Yes.")]) as server:
        use(bench, server.url)
        bench.ask("hello there")
        bench.ask("VPN?")
    last = server.requests[-1]
    roles = [message["role"] for message in last["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "tool"]
    assert "Northwind Traders" in str(last["messages"][0])
    assert "vpn-drops" in str(last["messages"][-1])
    tools = {tool["function"]["name"] for tool in last["tools"]}
    assert {"search_knowledge", "create_ticket", "delete_ticket"} <= tools


def test_ids_that_the_server_uses_again_mix_nothing_up(bench: Bench) -> None:
    """Small servers call every tool call `call_1`."""

    def create(title: str) -> Reply:
        return Reply(tool_calls=(ToolCall("create_ticket", {"title": title, "description": "x"}),))

    with OpenAiServer([create("One"), create("Two"), Reply("Both.")]) as server:
        use(bench, server.url)
        events = bench.ask("open two tickets")
    assert [event["ok"] for event in of_type(events, "tool_result")] == [True, True]
    assert bench.titles() == ["One", "Two"]
    with OpenAiServer([SEARCH, create("Three")]) as server:
        use(bench, server.url)
        assert bench.ask("look, then open another")[-1]["stop"] == "approval"
    with OpenAiServer([Reply("Done.")]) as server:
        use(bench, server.url)
        waiting = bench.conversations.pending_approval("s1")
        assert waiting is not None
        turn = bench.conversations.turn("s1", waiting.turn_id)
        assert turn is not None
        rest = bench.decide(turn.events, approved=True)
    assert only(rest, "tool_result")["ok"]
    assert bench.titles() == ["One", "Three", "Two"]


@pytest.mark.parametrize(
    "failure",
    [
        Reply(status=429, text="slow down"),
        Reply(status=500, text="out of memory"),
        Reply(status=404, text="model not found"),
        Reply("A long answer that is never completed.", break_after=2),
        Reply("", break_after=0),
    ],
    ids=["429", "500", "404", "broken stream", "no stream"],
)
def test_when_a_model_fails_the_other_takes_over(bench: Bench, failure: Reply) -> None:
    def reply(request: dict[str, Any]) -> Reply:
        return failure if request["model"] == "small" else Reply("Large here.")

    with OpenAiServer(reply) as server:
        use(bench, server.url)
        events = bench.ask("hello there")
    assert answer_text(events).endswith("Large here.")
    assert asked_models(server)[0] == "small"
    assert asked_models(server)[-1] == "large"
    assert set(codes(events)) == {"model_retry"}
    assert "small" in of_type(events, "notice")[0]["text"]
    assert of_type(events, "usage")[-1]["model"] == "large"
    assert only(events, "route")["model"] == "small"


def test_a_server_that_is_down_loses_no_conversation(bench: Bench) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    use(bench, url)
    events = bench.ask("remember the apple")
    assert only(events, "error")["code"] == "model_failed"
    with OpenAiServer([Reply("Apple.")]) as server:
        use(bench, server.url)
        assert answer_text(bench.ask("what was it?")) == "Apple."
    assert "remember the apple" in str(server.requests[0]["messages"])


def test_stopping_closes_the_connection(bench: Bench) -> None:
    replies: Sequence[Reply] = [Reply("One. Two. " * 200, chunk_delay_s=0.02), Reply("Three.")]
    with OpenAiServer(replies) as server:
        use(bench, server.url)
        running = bench.assistant().ask("count", MANAGER, "s1")
        for event in running:
            if event["type"] == "text":
                break
        running.close()  # type: ignore[attr-defined]
        assert answer_text(bench.ask("go on")) == "Three."
    assert server.cut_off == 1


def test_a_retired_model_is_refused_before_it_is_asked(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match=r"retired.*Use us\.amazon\.nova-2-lite"):
        use(bench, "http://localhost:1", weak="amazon.titan-text-express-v1")


def test_the_default_pair_is_a_labelled_stand_in(bench: Bench) -> None:
    bench.pair = build_models(Settings(), load_catalog())
    events = bench.ask("hello")
    assert codes(events) == ["simulated"]
    assert "stand-in" in only(events, "notice")["text"]
    usage = only(events, "usage")
    assert usage["model"] == "us.amazon.nova-2-lite-v1:0"
    assert usage["cost_usd"] > 0
