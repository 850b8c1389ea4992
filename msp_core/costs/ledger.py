"""The port of the cost ledger: what each model call cost, by turn, session, customer and model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

GroupBy = Literal["turn", "session", "customer", "model", "day"]


@dataclass(frozen=True)
class ModelCall:
    """One call of a model.

    Attributes:
        customer_id: None in the desk-wide view.
        cost_usd: None when the model is unpriced.
        simulated: a stand-in answered; the cost is what the named model would have cost.
    """

    at: datetime
    session_id: str
    turn_id: str
    customer_id: str | None
    model_id: str
    input_tokens: int
    output_tokens: int
    cache_tokens: int
    cache_write_tokens: int
    cost_usd: float | None
    simulated: bool


@dataclass(frozen=True)
class Spent:
    """What a group of calls cost.

    Attributes:
        key: the turn, session, customer, model or day; None for the desk-wide view.
        unpriced_calls: calls whose cost is not known, and so is not in `cost_usd`.
        simulated_calls: calls that a stand-in answered.
    """

    key: str | None
    calls: int
    input_tokens: int
    output_tokens: int
    cache_tokens: int
    cost_usd: float
    unpriced_calls: int
    simulated_calls: int


class Ledger(Protocol):
    """Keeps what was spent. A recorded call is in every later sum, of any thread and process.

    With one difference: sums of more than one session follow a moment later on DynamoDB, which also
    forgets calls after 400 days; SQLite keeps them.
    """

    def record(self, call: ModelCall) -> None:
        """Keep a call."""

    def spent_usd(self, day: date, *, customer_id: str | None = None) -> float:
        """The sum of a UTC day, of one customer or (None) of all."""

    def last_call(self, session_id: str, model_id: str) -> ModelCall | None:
        """A session's newest call of a model."""

    def sums(
        self,
        by: GroupBy,
        *,
        session_id: str | None = None,
        customer_id: str | None = None,
        since: date | None = None,
    ) -> Sequence[Spent]:
        """Sums by group, the dearest first; without a filter over all that is kept."""
