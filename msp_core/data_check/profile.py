"""The limits of `profiles.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Literal

from msp_core.clock import from_iso
from msp_core.data_check.findings import Problem, Severity

ProfileName = Literal["shipped", "own"]


@dataclass(frozen=True)
class Profile:
    """What is asked of a folder; `profiles.toml` describes each."""

    name: ProfileName
    severity: Severity
    least_tickets: int
    least_articles: int
    least_customers: int
    least_languages: int
    least_hostile_articles: int
    article_words: tuple[int, int]
    largest_cosine: float
    largest_share_of_sequence: float
    least_share: dict[str, float]
    largest_share: dict[str, float]
    no_later_than: datetime

    def problem(self, file: str, line: int, reason: str) -> Problem:
        """A limit that is not kept."""
        return Problem(self.severity, file, line, reason)


def read_profile(name: ProfileName, *, now: datetime) -> Profile:
    """A profile.

    Args:
        now: the latest time that data may name where the profile says none.
    """
    text = (files("msp_core.data_check") / "profiles.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)[name]
    low, high = values.pop("article_words")
    latest = values.pop("no_later_than", None)
    return Profile(
        name=name,
        article_words=(low, high),
        no_later_than=from_iso(latest) if latest else now,
        **values,
    )
