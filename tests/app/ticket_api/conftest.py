from pathlib import Path

import pytest

from tests.fakes.ticket_api import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "state")
