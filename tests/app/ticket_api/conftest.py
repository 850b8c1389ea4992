from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.ticket_api import Desk, Server, serving


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "state")


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all who do not stop it."""
    with serving(tmp_path_factory.mktemp("server") / "state") as running:
        yield running
