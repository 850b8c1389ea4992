"""JupyterLab as `./dev lab` starts it: on the first notebook, nothing fetched, nothing asked."""

import sys
from pathlib import Path

here = Path(__file__).resolve().parent
root = here.parent

c.ServerApp.root_dir = str(root)
c.LabApp.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
# Defaults below the user's own settings, which stay where they are.
c.LabApp.app_settings_dir = str(here)
# Open tabs are remembered for this checkout alone, outside the tree.
c.LabServerApp.workspaces_dir = str(Path(sys.prefix) / "workspaces")
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
# The server has its token; in a container root is the only user there is.
c.ServerApp.allow_root = True
