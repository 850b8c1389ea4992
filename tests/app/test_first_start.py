import time
from pathlib import Path

import pytest

from app.first_start import FirstStart
from msp_core.bootstrap import Services
from msp_core.errors import ConfigurationError
from msp_core.settings import Settings
from tests.app.small_state import fill_state, small_data


def _wait(start: FirstStart) -> None:
    start.begin()
    while start.progress() is not None:
        time.sleep(0.01)


def test_an_empty_index_is_filled_once(tmp_path: Path) -> None:
    services = Services(Settings(state_dir=tmp_path / "state"), small_data(tmp_path / "data"))
    start = FirstStart(services)
    assert not start.ready()
    _wait(start)
    assert start.ready()
    assert services.tiers.cold.stats().documents == 3
    assert not (tmp_path / "state" / "first-start").exists()


def test_a_load_that_was_killed_is_taken_up_again(tmp_path: Path) -> None:
    one = fill_state(tmp_path / "state", small_data(tmp_path / "one", ("vpn-northwind-runbook",)))
    (tmp_path / "state" / "first-start").touch()
    services = Services(one.settings, small_data(tmp_path / "all"))
    start = FirstStart(services)
    assert not start.ready()
    _wait(start)
    assert start.ready()
    assert services.tiers.cold.stats().documents == 3


def test_an_index_that_someone_filled_is_left_alone(services: Services, tmp_path: Path) -> None:
    other = Services(services.settings, small_data(tmp_path / "other", ("vpn-northwind-runbook",)))
    assert FirstStart(other).ready()


def test_data_that_cannot_be_read_is_reported_and_tried_again(tmp_path: Path) -> None:
    data = small_data(tmp_path / "data")
    (data / "kb").rename(data / "away")
    start = FirstStart(Services(Settings(state_dir=tmp_path / "state"), data))
    with pytest.raises(ConfigurationError, match="kb"):
        _wait(start)
    assert not start.ready()
    (data / "away").rename(data / "kb")
    _wait(start)
    assert start.ready()
