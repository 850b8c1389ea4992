"""Every error that a user is meant to read: what happened, why, and what to do."""


class MspError(Exception):
    """Something a user can understand and mend; the message says what, why and what to do.

    Attributes:
        exit_code: what the command line exits with (CONTRIBUTING.md lists the codes).
    """

    exit_code = 1


class UsageError(MspError):
    """The caller asked for something that cannot be meant: an empty question, an unknown name."""

    exit_code = 2


class ConfigurationError(MspError):
    """A setting, credential, file or optional part that is missing, malformed or unusable."""

    exit_code = 3


class NotFound(MspError):
    """No such thing, or none that the caller may see; the two are never told apart."""


class NotAuthenticated(MspError):
    """Nobody knows who asks: no token, or one that is forged, expired or made for another door."""


class NotAllowed(MspError):
    """The caller's role does not permit this."""


class InvalidInput(MspError):
    """A value that breaks a rule of the domain.

    Args:
        message: what, why, what to do.
        field: the offending field's name, or None when it is about the whole.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Conflict(MspError):
    """The thing changed since the caller read it, or another holds it; read again and retry."""


class CorruptData(MspError):
    """Stored or shipped data that fails its check: a wrong hash, a damaged or a newer format."""

    exit_code = 3


class DependencyFailed(MspError):
    """A service or model that we rely on did not answer properly."""
