"""The checkout that this package runs from: data, notebooks and evaluation live there."""

from pathlib import Path

from msp_core.errors import ConfigurationError

_ROOT = Path(__file__).resolve().parent.parent


def checkout_root() -> Path | None:
    """The checkout's folder, or None for an installed package."""
    return _ROOT if (_ROOT / "pyproject.toml").exists() else None


def require_checkout(what: str) -> Path:
    """The checkout's folder.

    Args:
        what: the command that needs it, for the message.

    Raises:
        ConfigurationError: this is an installed package.
    """
    root = checkout_root()
    if root is None:
        raise ConfigurationError(
            f"{what} needs the notebooks, data sets and evaluation of a checkout, and this is an "
            "installed package. Clone the repository and run it there."
        )
    return root
