import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from msp_core.bootstrap import Services, knowledge
from msp_core.settings import Settings
from tests.app.small_state import fill_state, small_data


@pytest.fixture(scope="session", autouse=True)
def _one_model() -> Iterator[None]:
    """Load the (real) embedding model once for all tests of the app."""
    embedder = knowledge.local_embedder(Settings())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(knowledge, "local_embedder", lambda settings: embedder)
        yield


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("app")
    fill_state(folder / "state", small_data(folder / "data"))
    return folder


@pytest.fixture
def services(_template: Path, tmp_path: Path) -> Services:
    shutil.copytree(_template, tmp_path, dirs_exist_ok=True)
    return Services(Settings(state_dir=tmp_path / "state"), tmp_path / "data")
