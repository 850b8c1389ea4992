"""The one content policy (`policy.json`) that every guardrail reads."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from msp_core.errors import CorruptData


@dataclass(frozen=True)
class GuardrailPolicy:
    """What is blocked on the way in and masked on the way out."""

    blocked_input_message: str
    blocked_output_message: str
    denied_topics: dict[str, tuple[re.Pattern[str], ...]]
    prompt_attacks: tuple[re.Pattern[str], ...]
    secrets: dict[str, re.Pattern[str]]


def parse_policy(text: str) -> GuardrailPolicy:
    """The policy of a `policy.json` text.

    Raises:
        CorruptData: not JSON, a part missing, or a pattern that does not compile.
    """
    try:
        raw = json.loads(text)
        return GuardrailPolicy(
            blocked_input_message=raw["blocked_message"]["input"],
            blocked_output_message=raw["blocked_message"]["output"],
            denied_topics={
                topic["name"]: _compiled(topic["patterns"]) for topic in raw["denied_topics"]
            },
            prompt_attacks=_compiled(raw["prompt_attacks"]["patterns"]),
            secrets={
                name: re.compile(pattern)
                for name, pattern in raw["output"]["secret_patterns"].items()
            },
        )
    except (ValueError, KeyError, TypeError, re.error) as error:
        raise CorruptData(
            f"The guardrail policy is not usable: {error!r}. Restore policy.json."
        ) from error


@cache
def load_policy() -> GuardrailPolicy:
    """The shipped policy."""
    return parse_policy((files("msp_core.guardrails") / "policy.json").read_text(encoding="utf-8"))


def _compiled(patterns: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)
