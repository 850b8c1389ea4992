"""Files that are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from msp_core.errors import ConfigurationError


@contextmanager
def whole_file(
    path: Path, *, advice: str = "Choose another place, or make this one writable."
) -> Iterator[IO[bytes]]:
    """A file to write into, which takes the place of `path` when the block ends without an error.

    A reader sees all of the new file or all of the old one, also after a crash. Missing folders are
    made.

    Args:
        advice: what the user can do when it cannot be written.

    Raises:
        ConfigurationError: the folder cannot be written; the old file stays.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                os.chmod(file.name, 0o644)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}). {advice}"
        ) from error
