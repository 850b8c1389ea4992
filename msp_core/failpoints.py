"""Named moments at which a process may die: tests kill it there and look at what is left."""

from collections.abc import Callable

Hook = Callable[[str], None]
_hook: Hook | None = None


def install(hook: Hook | None) -> None:
    """Have `hook` called with each name that is reached from now on; None for nobody."""
    global _hook  # noqa: PLW0603  # a process has one
    _hook = hook


def reach(name: str) -> None:
    """Say that the moment `name` has come; does nothing unless a hook is installed."""
    if _hook is not None:
        _hook(name)
