"""Text files of results and data sets, and the one hash of a set of files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from msp_core.errors import ConfigurationError
from msp_core.files import whole_file

_ADVICE = "Choose another folder with --out, or make this one writable."


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write the lines (each with its own line end) as UTF-8; a reader sees all of them or none.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    with whole_file(path, advice=_ADVICE) as file:
        for line in lines:
            file.write(line.encode())


def remove(path: Path) -> None:
    """Remove the file if it is there.

    Raises:
        ConfigurationError: it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}). {_ADVICE}"
        ) from error


def digest(paths: Iterable[Path], *, root: Path) -> str:
    """SHA-256 (hex) over the names, relative to root, and the contents of the files.

    The order in which they are given does not matter.
    """
    total = hashlib.sha256()
    for path in sorted(paths, key=lambda path: path.relative_to(root).as_posix()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return total.hexdigest()
