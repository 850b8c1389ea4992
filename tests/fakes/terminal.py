"""A command in a real pseudo-terminal: keys go in, the screen comes out."""

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from types import TracebackType

_SECONDS = 30
# The terminal steers the process (Ctrl-C, closing) only when it is its controlling one, and Ctrl-C
# only when the shell that runs the tests in the background has not taken it away from all of them.
_MAIN = """
import fcntl, signal, termios
signal.signal(signal.SIGINT, signal.default_int_handler)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from msp_core.cli import main
main()
"""
_SCREEN_END = "(nothing is lost)"


class Terminal:
    """`msp ARGUMENTS` with a terminal of 40 rows and 100 columns as its input and messages.

    Attributes:
        screen: everything it wrote to the terminal so far.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.screen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, *arguments],
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=slave,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40", **environment},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.hang_up()

    def press(self, keys: str, *, until: str) -> str:
        """Send keys at once.

        Returns:
            What was shown since, when `until` stands in it and the screen is complete.
        """
        start = len(self.screen)
        os.write(self._master, keys.encode())
        return self.wait_for(until, since=start)

    def wait_for(self, text: str, *, since: int = 0) -> str:
        """What was shown since then, when a whole screen with the text stands in it."""
        deadline = time.monotonic() + _SECONDS
        while _SCREEN_END not in self.screen[max(self.screen.find(text, since), since) :] or (
            text not in self.screen[since:]
        ):
            if time.monotonic() > deadline or not self._read():
                raise AssertionError(f"no {text!r} on the screen:\n{self.screen[since:]}")
        return self.screen[since:]

    def send(self, keys: str) -> None:
        """Send keys and wait for nothing."""
        os.write(self._master, keys.encode())

    def finish(self) -> tuple[int, str]:
        """Exit code and stdout, when it has ended; it may be silent for so long only."""
        deadline, shown = time.monotonic() + _SECONDS, len(self.screen)
        while self._read():
            if len(self.screen) > shown:
                deadline, shown = time.monotonic() + _SECONDS, len(self.screen)
            if time.monotonic() > deadline:
                raise AssertionError(f"it waits for keys, and should end:\n{self.screen[-2000:]}")
        assert self.process.stdout is not None
        return self.process.wait(timeout=_SECONDS), self.process.stdout.read().decode()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=_SECONDS)

    def hang_up(self) -> None:
        """Close the window."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _read(self) -> bool:
        """Take in what it wrote; False when it closed the terminal."""
        ready, _, _ = select.select([self._master], [], [], 0.2)
        if not ready:
            return True
        try:
            content = os.read(self._master, 65536)
        except OSError as error:
            if error.errno == errno.EIO:
                return False
            raise
        self.screen += content.decode(errors="replace").replace("\r\n", "\n")
        return bool(content)
