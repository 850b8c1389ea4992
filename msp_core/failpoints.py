"""Named moments at which a process may die: tests kill it there and look at what is left."""

from collections.abc import Callable

Hook = Callable[[str], None]
_installed: list[Hook] = []


def install(hook: Hook | None) -> None:
    """Have `hook` called with each name that is reached from now on; None for nobody."""
    _installed[:] = [] if hook is None else [hook]


def reach(name: str) -> None:
    """Say that the moment `name` has come; does nothing unless a hook is installed."""
    for hook in _installed:
        hook(name)
