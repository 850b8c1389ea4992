"""What a model costs."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class LongPrompt:
    """USD per million tokens for a call whose prompt has more than `above_tokens`."""

    above_tokens: int
    input_usd_per_million: float
    output_usd_per_million: float


@dataclass(frozen=True)
class Price:
    """USD per million tokens.

    Attributes:
        cache_read_usd_per_million: None when not known.
        cache_write_usd_per_million: None when not known.
        long_prompt: other prices for long prompts, where the model has them.
        source: where the figures were read; empty for the catalogue's own source.
        read_on: when; None for the catalogue's own date.
    """

    input_usd_per_million: float
    output_usd_per_million: float
    cache_read_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None
    long_prompt: LongPrompt | None = None
    source: str = ""
    read_on: date | None = None

    def cost_usd(
        self,
        *,
        input_tokens: int,
        output_tokens: int,
        cache_tokens: int = 0,
        cache_write_tokens: int = 0,
    ) -> float:
        """What one call costs.

        Args:
            input_tokens: neither read from the cache nor written to it.
            output_tokens: written by the model.
            cache_tokens: read from the cache; at the input price where no cache price is known.
            cache_write_tokens: written to the cache; likewise.
        """
        usual_input, usual_output = self.input_usd_per_million, self.output_usd_per_million
        scale = 1.0
        long = self.long_prompt
        if long is not None and input_tokens + cache_tokens + cache_write_tokens > (
            long.above_tokens
        ):
            scale = long.input_usd_per_million / usual_input
            usual_output = long.output_usd_per_million

        def input_price(known: float | None) -> float:
            return scale * (usual_input if known is None else known)

        return (
            input_tokens * input_price(None)
            + output_tokens * usual_output
            + cache_tokens * input_price(self.cache_read_usd_per_million)
            + cache_write_tokens * input_price(self.cache_write_usd_per_million)
        ) / 1e6
