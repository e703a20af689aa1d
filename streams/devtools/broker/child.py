"""A process that ends when its parent does, however the parent ends.

A shell stands where the program will: it leaves a watcher behind, then becomes the program. The watcher reads a pipe
that only the parent holds open. The end of the pipe is the end of the parent, and the watcher kills the program. Unlike
a signal at the parent's death, this does not hang on the thread that began it, and works on every POSIX system.
"""

import signal
import subprocess
from contextlib import suppress
from pathlib import Path

_BECOME = """
exec 3<&0 </dev/null
(read -r _ <&3 || kill -KILL $$) >/dev/null 2>&1 &
exec "$@" 3<&-
"""


class BrokerProcess:
    """A running program. It gets no Ctrl-C from the terminal; its parent decides when it ends.

    A fork of the parent that lives on without starting another program holds the pipe, too, and so keeps it alive.
    """

    def __init__(self, command: list[str], folder: Path, output: Path) -> None:
        with output.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the caller's own command
                ["/bin/sh", "-c", _BECOME, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its number, also of the program that the shell became."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it runs, or is paused."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if it has ended."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended; False if it has not in this time."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, grace_s: float) -> None:
        """Ask it to end, and kill it where it has not in this time. It leaves nothing behind."""
        if grace_s > 0:
            self.send(signal.SIGCONT)  # a paused program hears nothing else
            self.send(signal.SIGTERM)
        if not self.wait(grace_s):
            self.send(signal.SIGKILL)
            self.wait()
        self._dismiss_watcher()

    def _dismiss_watcher(self) -> None:
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return
        with suppress(BrokenPipeError):  # somebody ended the watcher
            pipe.write(b"\n")  # a line is a farewell; the mere end of the pipe is the parent's death
            pipe.flush()
        with suppress(BrokenPipeError):
            pipe.close()
