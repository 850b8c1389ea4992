"""Files of a folder and the folders below it."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msp_core.errors import ConfigurationError, UsageError
from msp_core.knowledge.sources.file_document import is_document
from msp_core.knowledge.sources.file_source import (
    FOLDER_PREFIX,
    MAX_BYTES,
    SourceFile,
    id_of_path,
    too_large,
)


class FolderSource:
    """A `FileSource`; hidden files and folders are passed over, and links that lead elsewhere.

    Args:
        folder: it and the folders below it.
        name: stands in the ids, so that a folder can move; default: the folder's name.

    Raises:
        UsageError: the name has a slash.
    """

    def __init__(self, folder: Path, *, name: str | None = None) -> None:
        if name is not None and "/" in name:
            raise UsageError(f"The name {name!r} has a slash. Choose one without.")
        self._folder = folder
        self._passed: Counter[str] = Counter()
        self.name = name or folder.resolve().name or "root"
        self.id_prefix = id_of_path(FOLDER_PREFIX, f"{self.name}/")

    def files(self) -> Iterator[SourceFile]:
        """See `FileSource.files`."""
        self._passed.clear()
        if not self._folder.is_dir():
            raise ConfigurationError(f"There is no folder {self._folder}. Name one with documents.")
        for where, folders, names in os.walk(self._folder, onerror=_stop):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    yield from self._file(Path(where) / name)

    def passed_over(self) -> dict[str, int]:
        """See `FileSource.passed_over`."""
        return dict(self._passed)

    def _file(self, path: Path) -> Iterator[SourceFile]:
        if not is_document(path.name):
            self._passed[path.suffix.lower() or "no ending"] += 1
            return
        content, problem = self._read(path)
        relative = path.relative_to(self._folder).as_posix()
        yield SourceFile(id_of_path(self.id_prefix, relative), str(path), content, problem)

    def _read(self, path: Path) -> tuple[bytes | None, str]:
        try:
            if not path.resolve().is_relative_to(self._folder.resolve()):
                return None, "it is a link that leads out of the folder: copy the file"
            if not path.is_file():
                return None, "it is no plain file"
            size = path.stat().st_size
            if size > MAX_BYTES:
                return None, too_large(size)
            return path.read_bytes(), ""
        except OSError as error:
            return None, f"it cannot be read ({error.strerror})"


def _stop(error: OSError) -> None:
    # Passed over, its documents would be taken for vanished, and deleted.
    raise ConfigurationError(
        f"The folder {error.filename} cannot be read ({error.strerror}). Mend the permissions."
    ) from error
