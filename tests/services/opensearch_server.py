"""A real OpenSearch node with k-NN and neural-search, in one Java process."""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

FOLDER = Path(__file__).parent / "opensearch"
TARGET = FOLDER / "target"
CLASSES = TARGET / "classes"
JARS = [TARGET / name for name in ("server", "plugins/knn", "plugins/neural")]
CLASS_PATH = ":".join([str(CLASSES), *(f"{folder}/*" for folder in JARS)])


def fetch() -> None:
    """Bring the jars here and compile the server, once."""
    if not all(any(folder.glob("*.jar")) for folder in JARS):
        command = ["mvn", "--batch-mode", "--quiet", "package"]
        subprocess.run(command, cwd=FOLDER, check=True, timeout=600)
    source = FOLDER / "Server.java"
    made = CLASSES / "Server.class"
    if not made.is_file() or made.stat().st_mtime < source.stat().st_mtime:
        command = ["javac", "-cp", CLASS_PATH, "-d", str(CLASSES), str(source)]
        subprocess.run(command, check=True, timeout=120)


@contextmanager
def running() -> Iterator[str]:
    """The URL of a fresh, empty server."""
    fetch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory(prefix="opensearch-") as folder:
        # The k-NN plugin names its folder of native libraries at the start; there is none here.
        java = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-cp", CLASS_PATH, "Server"]
        with (
            (Path(folder) / "log").open("wb") as log,
            subprocess.Popen(
                [*java, str(port), folder], cwd=folder, stdout=log, stderr=log
            ) as process,
        ):
            try:
                url = f"http://127.0.0.1:{port}"
                _wait(url, process, Path(folder) / "log")
                yield url
            finally:
                process.kill()
                process.wait()
                shutil.rmtree(Path(folder) / "data", ignore_errors=True)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_cluster/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError(f"OpenSearch did not start: {log.read_text(errors='replace')[-2000:]}")
