"""A state folder with a few of the shipped articles: enough to answer from, quick to make."""

import shutil
from pathlib import Path

from msp_core.bootstrap import Services, build_services
from msp_core.loading import load_knowledge
from msp_core.settings import Settings

SHIPPED_DATA = Path(__file__).parents[2] / "data"
ARTICLES = ("vpn-northwind-runbook", "vpn-ipsec-hourly-drops", "m365-outlook-password-loop")


def small_data(folder: Path, articles: tuple[str, ...] = ARTICLES) -> Path:
    """A data folder with the shipped customers and these articles."""
    (folder / "kb").mkdir(parents=True)
    for name in ("customers.json", "teams.json", "embeddings.npz"):
        shutil.copy(SHIPPED_DATA / name, folder)
    for name in articles:
        shutil.copy(SHIPPED_DATA / "kb" / f"{name}.md", folder / "kb")
    return folder


def fill_state(state_dir: Path, data_dir: Path) -> Services:
    """Services over a state folder whose index holds the articles of the data folder."""
    services = build_services(Settings(state_dir=state_dir), data_dir=data_dir)
    load_knowledge(services)
    return services
