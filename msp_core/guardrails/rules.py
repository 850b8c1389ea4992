"""A guardrail of plain rules over the policy; local and instant."""

import re

from msp_core.guardrails.guardrail import Stage, Verdict
from msp_core.guardrails.policy import GuardrailPolicy

_REMOTE = r"\s*<?\s*(?:https?:)?//"
# No part runs over the bracket that opens the next one: else "![![![..." is read anew at each.
_REMOTE_IMAGE = re.compile(
    rf"!\[[^\[\]]*\](?:\({_REMOTE}[^()]*\)|\s?\[[^\[\]]*\])|<img\b[^>]*(?:>|$)", re.IGNORECASE
)
_REMOTE_TARGET = re.compile(rf"\][(:]{_REMOTE}", re.IGNORECASE)


class RuleGuardrail:
    """Blocks denied topics and known attack phrases; masks secrets and remote images in answers.

    A remote image in an answer is a way to leak data: the browser sends its address out.
    """

    def __init__(self, policy: GuardrailPolicy) -> None:
        self._policy = policy

    def check(self, text: str, stage: Stage) -> Verdict:
        """See `Guardrail.check`."""
        return self._check_input(text) if stage == "input" else self._check_output(text)

    def _check_input(self, text: str) -> Verdict:
        reasons = [
            f"denied topic: {name}"
            for name, patterns in self._policy.denied_topics.items()
            if any(pattern.search(text) for pattern in patterns)
        ]
        if any(pattern.search(text) for pattern in self._policy.prompt_attacks):
            reasons.append("prompt attack")
        if reasons:
            return Verdict("blocked", self._policy.blocked_input_message, reasons=tuple(reasons))
        return Verdict("none", text)

    def _check_output(self, text: str) -> Verdict:
        masked = 0
        reasons = []
        for name, pattern in self._policy.secrets.items():
            text, count = pattern.subn(f"[{name}]", text)
            if count:
                masked += count
                reasons.append(f"secret: {name}")
        text, count = _REMOTE_IMAGE.subn("[image removed]", text)
        if "![" in text and _REMOTE_TARGET.search(text):
            # Brackets within brackets, or an address that stands elsewhere: a link is left.
            text = text.replace("![", "! [")
            count += 1
        if count:
            masked += count
            reasons.append("remote image")
        return Verdict("masked" if masked else "none", text, masked, tuple(reasons))
