"""Single keys from the terminal."""

import codecs
import os
import select
import sys
import termios
import tty
from collections import deque
from types import TracebackType

ESCAPE = "\x1b"
END = "\x04"
_LOOKS_EVERY_S = 0.5


class Keys:
    """The keyboard, key by key and without echo, until the `with` block ends.

    The mode is set once and not for each key: a key typed while a screen is drawn is neither lost
    nor shown. Ctrl-C stays what it is.
    """

    def __init__(self) -> None:
        self._input = sys.stdin.fileno()
        self._mode = termios.tcgetattr(self._input)
        self._waiting: deque[str] = deque()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def __enter__(self) -> "Keys":
        tty.setcbreak(self._input, termios.TCSADRAIN)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        termios.tcsetattr(self._input, termios.TCSADRAIN, self._mode)

    def read(self) -> str:
        """The next key; an arrow or function key as the whole sequence that it sends.

        Returns:
            `END` for Ctrl-D, and when the terminal is gone.
        """
        while not self._waiting:
            # A Ctrl-C that comes just before a read is noticed after it only: do not wait for ever.
            while not select.select([self._input], [], [], _LOOKS_EVERY_S)[0]:
                pass
            try:
                content = os.read(self._input, 1024)
            except OSError:
                return END
            if not content:
                return END
            text = self._decoder.decode(content)
            self._waiting.extend([text] if text.startswith(ESCAPE) else text)
        return self._waiting.popleft()
