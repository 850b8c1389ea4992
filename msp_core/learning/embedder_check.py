"""Whether learned numbers fit the vectors they are used on."""

from msp_core.errors import ConfigurationError


def check_embedder(learned_with: str, embedder_id: str, *, what: str, command: str) -> None:
    """Pass when a model is used with the embedder that it was trained with.

    Args:
        learned_with, embedder_id: `Embedder.model_id` then and now.
        what: the model, for a person.
        command: trains it anew.

    Raises:
        ConfigurationError: it is another one.
    """
    if embedder_id != learned_with:
        raise ConfigurationError(
            f"The {what} was trained with the embedder {learned_with!r}, and this one is "
            f"{embedder_id!r}: their vectors cannot be compared. Unset MSP_EMBEDDING_PATH, or "
            f"train anew: {command}."
        )
