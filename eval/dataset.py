"""What all data sets share: where they are, their splits, rows that are checked one by one."""

import difflib
import gzip
import hashlib
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from msp_core.errors import ConfigurationError, InvalidInput, UsageError

DATASETS = Path(__file__).resolve().parent / "datasets"
MANIFEST = "manifest.json"
_SHOWN = 20


class Row(BaseModel):
    """A row as it stands in a file; fields that nobody here reads are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


RowType = TypeVar("RowType", bound=Row)


class Problems:
    """Everything that is wrong with a data set, gathered to be told at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._found)

    def add(self, path: Path, line: int | None, what: str) -> None:
        """Note one; `line` counts from 1, None is the file as a whole."""
        self._found.append(f"{path}: {what}" if line is None else f"{path}:{line}: {what}")

    def add_invalid(self, path: Path, line: int, error: ValidationError) -> None:
        """Note what pydantic found in one row."""
        for item in error.errors():
            where = ".".join(map(str, item["loc"])) or "the row"
            self.add(path, line, f"{where}: {item['msg']}")

    def refuse(self, name: str) -> None:
        """Pass when there are none.

        Raises:
            InvalidInput: names them, the first 20 in full.
        """
        if not self._found:
            return
        listed = "\n  ".join(self._found[:_SHOWN])
        more = len(self._found) - _SHOWN
        tail = f"\n  and {more} more" if more > 0 else ""
        raise InvalidInput(
            f"The data set {name} is not usable. Mend these places and run again:\n  {listed}{tail}"
        )


class _ManifestFile(Row):
    sha256: str
    rows: int


class _Manifest(Row):
    kind: str
    version: str
    files: dict[str, _ManifestFile]


def find_dataset(name_or_path: str) -> Path:
    """The shipped data set of that name, else the file or folder at that path.

    Raises:
        UsageError: neither; names the shipped ones.
    """
    shipped = sorted(path.name for path in DATASETS.glob("*") if path.is_dir())
    if name_or_path in shipped:
        return DATASETS / name_or_path
    path = Path(name_or_path).expanduser()
    if path.exists():
        return path
    close = difflib.get_close_matches(name_or_path, shipped, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise UsageError(
        f"There is no data set {name_or_path!r}.{meant} Shipped: {', '.join(shipped) or 'none'}; "
        "or give a path."
    )


def choose_split(wanted: str | None, available: Collection[str], *, name: str) -> str:
    """The split asked for; by default `dev`, or the only one, or `test`.

    Raises:
        UsageError: there is no such split, or no default among several.
    """
    listed = ", ".join(sorted(available)) or "none"
    if wanted is not None:
        if wanted not in available:
            raise UsageError(f"The data set {name} has no split {wanted!r}. It has: {listed}.")
        return wanted
    if len(available) == 1:
        return next(iter(available))
    for default in ("dev", "test"):
        if default in available:
            return default
    raise UsageError(f"Choose a split of the data set {name} with --split. It has: {listed}.")


def check_manifest(folder: Path, problems: Problems, *, kind: str) -> None:
    """Note each file that differs from what the folder's manifest says; without one, nothing."""
    path = folder / MANIFEST
    if not path.is_file():
        return
    try:
        manifest = _Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problems.add_invalid(path, 1, error)
        return
    if manifest.kind != kind:
        problems.add(path, None, f"its kind is {manifest.kind!r}, and {kind!r} is needed here")
    for name, listed in manifest.files.items():
        file = folder / name
        if not file.is_file():
            problems.add(path, None, f"it lists {name}, which is not there")
        elif hashlib.sha256(file.read_bytes()).hexdigest() != listed.sha256:
            problems.add(file, None, f"its SHA-256 differs from the one in {MANIFEST}")


def raw_lines(path: Path, problems: Problems) -> Iterator[tuple[int, str]]:
    """The lines of a file (`.gz` is unpacked) with their number from 1.

    A line that is not UTF-8 is noted and left out; a byte order mark is dropped.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    problems.add(path, number, f"it is not UTF-8 (byte {error.start + 1})")
                    continue
                yield number, text
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{path} cannot be read ({reason}). Check the path and the file."
        ) from error


def text_lines(path: Path, problems: Problems) -> Iterator[tuple[int, str]]:
    """As `raw_lines`, without blank ones."""
    return ((number, text) for number, text in raw_lines(path, problems) if text.strip())


def json_rows(
    path: Path, row_type: type[RowType], problems: Problems
) -> Iterator[tuple[int, RowType]]:
    """The rows of a JSONL file that are valid, with their line; the others are noted."""
    for number, line in text_lines(path, problems):
        try:
            yield number, row_type.model_validate_json(line)
        except ValidationError as error:
            problems.add_invalid(path, number, error)


class Said(Row):
    """One earlier message of a conversation; a bare text counts as the user's."""

    role: Literal["user", "assistant"]
    text: str

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        return {"role": "user", "text": value} if isinstance(value, str) else value


def user_messages(history: Iterable[Said]) -> tuple[str, ...]:
    """What the user said, oldest first."""
    return tuple(said.text for said in history if said.role == "user")
