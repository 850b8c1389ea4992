"""The prompts, as Markdown files beside this one."""

from functools import cache
from importlib.resources import files


@cache
def load_prompt(name: str) -> str:
    """The text of the prompt `name` (without `.md`)."""
    return (files("msp_core.assistant.prompts") / f"{name}.md").read_text(encoding="utf-8")
