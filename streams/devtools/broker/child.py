"""Run a process that ends with its parent, also if the parent is killed.

A shell starts a watcher in the background and then replaces itself with the program. The watcher reads a pipe whose
other end only the parent holds open. When the pipe ends, the parent has ended, and the watcher kills the program.
Unlike a death signal of the parent, a pipe does not depend on the thread that starts the process, and works on every
POSIX system.
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
    """Running program. Ctrl-C in the terminal does not reach the program; the parent ends the program.

    A fork of the parent without a program of its own also holds the pipe open, and so keeps the program alive.
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
        """Return the process id; the program keeps the id of the shell."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Return True if the program runs or is paused."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal; does nothing after the end of the program."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the program; return False after a timeout, in s."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, grace_s: float) -> None:
        """Terminate the program, and kill the program after the grace time, in s. Ends the watcher, too."""
        if grace_s > 0:
            self.send(signal.SIGCONT)  # a paused program receives no other signal
            self.send(signal.SIGTERM)
        if not self.wait(grace_s):
            self.send(signal.SIGKILL)
            self.wait()
        self._dismiss_watcher()

    def _dismiss_watcher(self) -> None:
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return
        with suppress(BrokenPipeError):  # the watcher was killed
            pipe.write(b"\n")  # a line dismisses the watcher; the end of the pipe alone means that the parent died
            pipe.flush()
        with suppress(BrokenPipeError):
            pipe.close()
