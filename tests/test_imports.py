"""What importing the package loads, and who may import whom."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "bedrock_agentcore",
    "boto3",
    "botocore",
    "matplotlib",
    "numpy",
    "openai",
    "opensearchpy",
    "pandas",
    "papermill",
    "safetensors",
    "strands",
    "streamlit",
    "tokenizers",
}


def loaded_after(statements: str) -> set[str]:
    """The top-level modules in a fresh interpreter once it has run `statements`."""
    program = f"import json, sys\n{statements}\nprint('\\n' + json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_the_probe_sees_what_is_loaded() -> None:
    assert "numpy" in loaded_after("import numpy")


@pytest.mark.parametrize(
    "module",
    [
        "msp_core",
        "msp_core.settings",
        "msp_core.errors",
        "msp_core.scope",
        "msp_core.clock",
        "msp_core.bootstrap",
        "msp_core.assistant.assistant",
        "msp_core.knowledge.opensearch",
        "msp_core.knowledge.retriever",
        "msp_core.knowledge.statistics.s3",
        "msp_core.knowledge.s3_vectors",
        "msp_core.knowledge.titan",
        "msp_core.conversations.dynamodb",
        "msp_core.tickets.desk",
        "msp_core.tickets.dynamodb",
        "msp_core.cli",
    ],
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert loaded_after(f"import {module}") & HEAVY == set()


def test_help_loads_nothing_heavy() -> None:
    help_text = "import msp_core.cli\nsys.argv = ['msp', '--help']\n"
    ends = "try:\n    msp_core.cli.main()\nexcept SystemExit as end:\n    assert not end.code"
    loaded = loaded_after(help_text + ends)
    assert "click" in loaded
    assert loaded & (HEAVY | {"pydantic", "eval", "app", "sqlite3"}) == set()


def test_imports_follow_the_layers(root: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config=pyproject.toml"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
