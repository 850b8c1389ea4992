"""DynamoDB Local, AWS's own engine, as a process of its own."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).parent
JARS = FOLDER / "target" / "dynamodb"
MAIN = "software.amazon.dynamodb.services.local.main.ServerRunner"


def fetch() -> None:
    """Bring the jars here, once."""
    if not any(JARS.glob("DynamoDBLocal-*.jar")):
        command = ["mvn", "--batch-mode", "--quiet", "package"]
        subprocess.run(command, cwd=FOLDER, check=True, timeout=600)


@contextmanager
def running() -> Iterator[str]:
    """The URL of a fresh, empty engine that keeps everything in memory."""
    fetch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    java = ["java", "-Xmx256m", f"-Djava.library.path={JARS}", "-cp", f"{JARS}/*", MAIN]
    options = ["-inMemory", "-port", str(port), "-disableTelemetry"]
    with subprocess.Popen(
        [*java, *options], cwd=FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("DynamoDB Local did not start")
