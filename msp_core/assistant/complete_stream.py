"""A model whose broken-off answers are failures."""

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

from strands.models.model import Model

from msp_core.errors import DependencyFailed


class CompleteStream(Model):
    """Passes everything on to `inner`, but a stream without a `messageStop` is a failure.

    Without it Strands takes an answer that broke off, or none at all, for a complete one.
    """

    def __init__(self, inner: Model) -> None:
        self.inner = inner

    def update_config(self, **model_config: Any) -> None:
        """Set configuration values of the inner model."""
        self.inner.update_config(**model_config)

    def get_config(self) -> Any:
        """The inner model's configuration."""
        return self.inner.get_config()

    def structured_output(
        self, output_model: Any, prompt: Any, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The inner model's."""
        return self.inner.structured_output(output_model, prompt, system_prompt, **kwargs)

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterable[Any]:
        """The inner model's stream.

        Raises:
            DependencyFailed: it ended without a `messageStop`.
        """
        stopped = False
        async for event in self.inner.stream(*args, **kwargs):
            stopped = stopped or "messageStop" in event
            yield event
        if not stopped:
            raise DependencyFailed(
                "The connection to the model broke off in the middle of an answer."
            )
