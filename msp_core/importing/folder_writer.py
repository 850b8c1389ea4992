"""A data folder that is replaced as a whole or not at all."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from msp_core.errors import ConfigurationError, UsageError
from msp_core.knowledge.article import Article

_MARKS = ("customers.json", "teams.json", "tickets.jsonl", "kb", "import-report.json")


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """A new folder that takes the place of `target` when the block ends without an error.

    It starts as a copy of the old one, without what this module writes. Two renames swap them: a
    process killed between the two leaves the old folder whole beside it, as `.NAME.before-import`,
    and the next call puts it back.

    Raises:
        UsageError: target is a file, or a folder that holds other things than data.
        ConfigurationError: the folder above it cannot be written.
    """
    target = target.resolve()
    before = target.with_name(f".{target.name}.before-import")
    _check(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if before.exists() and not target.exists():
            before.rename(target)
        work = Path(mkdtemp(prefix=f".{target.name}.import-", dir=target.parent))
    except OSError as error:
        raise ConfigurationError(
            f"{target.parent} cannot be written ({error.strerror})."
        ) from error
    try:
        if target.is_dir():
            shutil.copytree(target, work, dirs_exist_ok=True)
        yield work
        work.chmod(0o755)
        shutil.rmtree(before, ignore_errors=True)
        if target.is_dir():
            target.rename(before)
        try:
            work.rename(target)
        except OSError:
            if before.is_dir():
                before.rename(target)
            raise
        shutil.rmtree(before, ignore_errors=True)
    except OSError as error:
        raise ConfigurationError(
            f"{target} cannot be written ({error.strerror or error}). It is as it was before."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file. Name a folder with --out.")
    if target.is_dir() and any(target.iterdir()) and not any((target / n).exists() for n in _MARKS):
        raise UsageError(
            f"{target} holds other things than data (no tickets.jsonl, no customers.json, no kb/). "
            "Name a new or empty folder, or one of an earlier import."
        )


def write_json(path: Path, value: object) -> None:
    """One JSON value, indented, on disk when this returns."""
    _write(path, [json.dumps(value, ensure_ascii=False, indent=1), "\n"])


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """JSON Lines, on disk when this returns; how many."""
    count = 0

    def lines() -> Iterator[str]:
        nonlocal count
        for row in rows:
            count += 1
            yield json.dumps(row, ensure_ascii=False) + "\n"

    _write(path, lines())
    return count


def write_article(folder: Path, article: Article) -> None:
    """The article's file `<id>.md`, as `read_article` reads it."""
    head: dict[str, object] = {
        "id": article.article_id,
        "title": article.title,
        "category": str(article.category),
        "tags": list(article.tags),
        "updated": article.updated.isoformat(),
        "audience": article.audience,
        "customer_id": article.customer_id,
        "superseded_by": article.superseded_by,
        "variant_of": article.variant_of,
    }
    # JSON texts and lists are YAML too, and need no thought about quotes.
    lines = [
        f"{key}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in head.items()
        if value is not None
    ]
    if article.hostile:
        lines.append("hostile: true")
    folder.mkdir(exist_ok=True)
    _write(
        folder / f"{article.article_id}.md",
        ["---\n", "\n".join(lines), "\n---\n", article.text, "\n"],
    )


def _write(path: Path, parts: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())
