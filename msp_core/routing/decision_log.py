"""Every routing decision, kept with all that it followed from, so that it can be replayed."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from msp_core.clock import to_iso
from msp_core.errors import ConfigurationError
from msp_core.routing.floor_patterns import Floor
from msp_core.routing.policy import Action, RouteDecision, RouteFacts, decide_from
from msp_core.routing.request import ModelChoice, RouteRequest

_Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class DecisionLog(Protocol):
    """Where decisions are kept."""

    def add(self, row: "LoggedDecision") -> None:
        """Keep a decision."""


class LoggedDecision(BaseModel):
    """One line of the log. It holds no text of the person's, only its hash and length.

    `score` is the scorer's own, also where a floor or an unfamiliar turn overrode it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: Literal["msp.decision/1"] = Field("msp.decision/1", alias="schema")
    at: str
    session_id: str
    turn_id: str
    customer_id: str | None = None
    policy: str
    policy_version: str
    weak_model: str
    strong_model: str
    choice: ModelChoice
    action: Action
    threshold: Annotated[float, Field(allow_inf_nan=False)]
    score: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    floor: Floor | None = None
    unfamiliar: str | None = None
    reasons: tuple[str, ...] = ()
    weak_cost_usd: _Usd | None = None
    strong_cost_usd: _Usd | None = None
    budget_left_usd: _Usd | None = None
    step: str = "final"
    prefix_tokens: int = 0
    weak_cached_tokens: int = 0
    strong_cached_tokens: int = 0
    category: str | None = None
    priority: str | None = None
    text_sha256: str
    text_characters: int

    @property
    def facts(self) -> RouteFacts:
        """What the decision followed from."""
        return RouteFacts(
            self.score,
            self.floor,
            self.unfamiliar,
            self.weak_cost_usd,
            self.strong_cost_usd,
            self.budget_left_usd,
        )


def logged_decision(
    decision: RouteDecision,
    request: RouteRequest,
    *,
    at: datetime,
    session_id: str,
    turn_id: str,
    customer_id: str | None,
    policy: str,
    models: tuple[str, str],
) -> LoggedDecision:
    """The line for a decision; `models` are the weak and the strong one."""
    facts = decision.facts
    return LoggedDecision(
        schema="msp.decision/1",
        at=to_iso(at),
        session_id=session_id,
        turn_id=turn_id,
        customer_id=customer_id,
        policy=policy,
        policy_version=decision.policy_version,
        weak_model=models[0],
        strong_model=models[1],
        choice=decision.choice,
        action=decision.action,
        threshold=decision.threshold,
        reasons=decision.reasons,
        step=request.step,
        prefix_tokens=request.prefix_tokens,
        weak_cached_tokens=request.cache.weak_tokens,
        strong_cached_tokens=request.cache.strong_tokens,
        category=request.category,
        priority=request.priority,
        text_sha256=hashlib.sha256(request.text.encode("utf-8", "surrogatepass")).hexdigest(),
        text_characters=len(request.text),
        **asdict(facts),
    )


class FileDecisionLog:
    """A `DecisionLog` in a file of JSON lines, each written at once: processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, row: LoggedDecision) -> None:
        """See `DecisionLog.add`.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        line = row.model_dump_json(by_alias=True) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line.encode())
            finally:
                os.close(handle)
        except OSError as error:
            raise ConfigurationError(
                f"{self._path} cannot be written ({error.strerror}). Set MSP_STATE_DIR to a folder"
                " that you may write."
            ) from error


@dataclass
class ReadLog:
    """The lines of a log; `left_out` names those that could not be read."""

    rows: list[LoggedDecision] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_log(path: Path) -> ReadLog:
    """The decisions of a log file; a malformed line is left out and named.

    Raises:
        ConfigurationError: the file cannot be read, or holds no decision at all.
    """
    read = ReadLog()
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    read.rows.append(LoggedDecision.model_validate(json.loads(line)))
                except (ValidationError, ValueError, RecursionError) as error:
                    reason = str(error).splitlines()[0]
                    read.left_out.append(f"line {number}: {reason}")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}).") from error
    if not read.rows:
        raise ConfigurationError(f"{path} holds no routing decision that can be read.")
    return read


@dataclass(frozen=True)
class Replay:
    """What a log's turns would have done at one threshold.

    Attributes:
        strong: turns sent strong.
        forced: of them, by a floor or as out of distribution, at any threshold.
        humans: floor turns that the budget leaves to a person.
        stopped: turns that the budget leaves to nobody.
        changed: turns with another choice or action than the logged one.
        usd_per_1k: of the estimated next calls, for 1,000 turns; None when a model is unpriced.
    """

    threshold: float
    n: int
    strong: int
    forced: int
    humans: int
    stopped: int
    changed: int
    usd_per_1k: float | None


def replay(rows: Iterable[LoggedDecision], thresholds: Iterable[float]) -> Iterator[Replay]:
    """The log at each threshold; what was left of the budget is taken as logged."""
    rows = list(rows)
    for threshold in thresholds:
        decisions = [decide_from(row.facts, threshold) for row in rows]
        answered = [row for row in decisions if row.action == "answer"]
        costs = [row.estimated_cost_usd for row in answered]
        known = [cost for cost in costs if cost is not None]
        yield Replay(
            threshold=threshold,
            n=len(rows),
            strong=sum(row.choice == "strong" for row in answered),
            forced=sum(row.floor is not None or row.out_of_distribution for row in decisions),
            humans=sum(row.action == "human" for row in decisions),
            stopped=sum(row.action == "stop" for row in decisions),
            changed=sum(
                (new.choice, new.action) != (old.choice, old.action)
                for new, old in zip(decisions, rows, strict=True)
            ),
            usd_per_1k=sum(known) / len(rows) * 1_000 if len(known) == len(costs) else None,
        )
