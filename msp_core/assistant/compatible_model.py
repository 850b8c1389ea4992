"""A model behind a server that speaks the chat-completions protocol."""

from typing import Any

from strands.models.openai import OpenAIModel
from strands.types.streaming import StreamEvent

from msp_core.errors import DependencyFailed

_ENDED_WITHOUT_REASON = "end_turn"


class CompatibleModel(OpenAIModel):
    """Strands' OpenAI model, but a stream that broke off is a failure and no complete answer.

    The protocol ends an answer with a finish reason. Where none came, Strands fills in a word that
    no server sends.
    """

    def format_chunk(self, event: dict[str, Any], **kwargs: Any) -> StreamEvent:
        """See `OpenAIModel.format_chunk`.

        Raises:
            DependencyFailed: the stream ended without a finish reason.
        """
        if event["chunk_type"] == "message_stop" and event["data"] == _ENDED_WITHOUT_REASON:
            raise DependencyFailed(
                "The connection to the model broke off in the middle of an answer."
            )
        return super().format_chunk(event, **kwargs)
