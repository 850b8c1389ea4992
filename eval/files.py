"""Files that are whole or not there, and the one hash of a set of files."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from msp_core.errors import ConfigurationError


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write the lines (each with its own line end) as UTF-8; a reader sees all of them or none.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=path.name, delete=False
        ) as file:
            try:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
                os.chmod(file.name, 0o644)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise


def remove(path: Path) -> None:
    """Remove the file if it is there.

    Raises:
        ConfigurationError: it cannot be removed.
    """
    with _writing(path):
        path.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}). Choose another folder with --out, or "
            "make this one writable."
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
