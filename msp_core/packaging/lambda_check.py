"""Whether a Lambda package is what it should be, seen from its bytes alone."""

import importlib.util
import zipfile
from pathlib import Path

from msp_core.errors import ConfigurationError

MAX_SIZE = 8 * 1000 * 1000
REQUIRED = (
    "app/ticket_api/handler.py",
    "data/customers.json",
    "data/teams.json",
    "msp_core/tickets/dynamodb.py",
    "aws_lambda_powertools/__init__.py",
    "pydantic/__init__.py",
)
_ELF_MACHINES = {"aarch64": 183, "x86_64": 62}
_UNCHECKED_HASH = 0b01


def check_zip(path: Path, *, machine: str, compiled: bool = True) -> int:
    """Pass when the package can run on Lambda; returns how many files it has.

    Args:
        machine: what native libraries must be for, `aarch64` or `x86_64`.
        compiled: every module must have a file compiled by this Python, with an unchecked hash.

    Raises:
        ConfigurationError: names everything that is wrong.
    """
    wrong = []
    if path.stat().st_size > MAX_SIZE:
        wrong.append(f"it has {path.stat().st_size / 1e6:.1f} MB; at most {MAX_SIZE / 1e6:g} MB")
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
        wrong += [f"{name} is missing" for name in REQUIRED if name not in names]
        native = [name for name in names if ".so" in Path(name).suffixes]
        if not native:
            wrong.append("it has no native library, and pydantic is one")
        for name in native:
            head = _head(package, name, 20)
            if head[:4] != b"\x7fELF" or int.from_bytes(head[18:20], "little") != (
                _ELF_MACHINES[machine]
            ):
                wrong.append(f"{name} is not an ELF library for {machine}")
        if compiled:
            wrong += _compiled_wrongly(package, names)
    if wrong:
        raise ConfigurationError("The Lambda package is not usable:\n  " + "\n  ".join(wrong[:20]))
    return len(names)


def _compiled_wrongly(package: zipfile.ZipFile, names: list[str]) -> list[str]:
    wrong = []
    present = set(names)
    for name in names:
        if not name.endswith(".py"):
            continue
        cached = importlib.util.cache_from_source(name)
        if cached not in present:
            wrong.append(f"{name} is not compiled")
            continue
        head = _head(package, cached, 8)
        if head[:4] != importlib.util.MAGIC_NUMBER:
            wrong.append(f"{cached} is of another Python")
        elif int.from_bytes(head[4:], "little") != _UNCHECKED_HASH:
            wrong.append(f"{cached} would be checked against its source at each start")
    return wrong


def _head(package: zipfile.ZipFile, name: str, size: int) -> bytes:
    with package.open(name) as file:
        return file.read(size)
