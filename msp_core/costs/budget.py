"""How much may still be spent today."""

from dataclasses import dataclass

from msp_core.clock import Clock
from msp_core.costs.ledger import Ledger


@dataclass(frozen=True)
class DailyBudget:
    """Caps on a UTC day's model calls; None is no cap.

    A turn is measured against what is left when it starts, by the estimate of its next call; so a
    day ends above its cap by at most what the turns in flight cost.

    Attributes:
        usd: for all customers together.
        customer_usd: for each customer.
    """

    usd: float | None = None
    customer_usd: float | None = None

    def left_usd(self, ledger: Ledger, clock: Clock, *, customer_id: str | None) -> float | None:
        """What is left for a turn of this customer; 0 at least, None without a cap."""
        today = clock().date()
        left = []
        if self.usd is not None:
            left.append(self.usd - ledger.spent_usd(today))
        if self.customer_usd is not None and customer_id is not None:
            left.append(self.customer_usd - ledger.spent_usd(today, customer_id=customer_id))
        return max(min(left), 0.0) if left else None
