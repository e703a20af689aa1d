"""Start, stop, kill, pause and restart one Apache Kafka in a folder, with its data.

Each failure that happens to brokers is one call, for tests.
"""

import base64
import signal
import subprocess
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.devtools.broker import ports
from streams.devtools.broker.answer import await_answer
from streams.devtools.broker.child import BrokerProcess
from streams.devtools.broker.class_path import class_path
from streams.devtools.broker.folder import Folder
from streams.devtools.broker.properties import DATA, server_properties
from streams.devtools.broker.security import Login, Security, TlsFiles
from streams.devtools.broker.tools import find_java
from streams.errors import UserError

_PROPERTIES = "hearsay-broker.properties"
_JAVA_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",  # saves, with the next option, half a second of the start on two cores
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",  # else five hundred settings are printed twice
)
_TRIES = 5
_TAKEN = "failed to bind"


class Broker:
    """Broker of one node on loopback, for development and tests only. A context manager starts and stops the broker.

    Args:
        folder: data, configuration and log; created if absent, and kept. Must be empty or of an earlier broker.
        port: port for clients; a free port if None. All other ports are free ports.
        tls: files for a second listener with TLS.
        login: login for a second listener; with `tls` both apply to the same listener.
        start_within_s: seconds until Kafka must answer, without the time of the first fetch by Maven.
        stop_within_s: seconds between the request to stop and the kill.

    Raises:
        ValueError: a duration that is not positive.

    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        tls: TlsFiles | None = None,
        login: Login | None = None,
        start_within_s: float = 60,
        stop_within_s: float = 15,
    ) -> None:
        for name, value in (("start_within_s", start_within_s), ("stop_within_s", stop_within_s)):
            if value <= 0:
                raise ValueError(f"{name} must be positive, not {value}; omit the argument for the default")
        self._folder = Folder(folder)
        self._fixed_port = port
        self._security = Security(tls, login)
        self._start_within_s = start_within_s
        self._stop_within_s = stop_within_s
        self._ports: ports.Ports | None = None
        self._child: BrokerProcess | None = None

    @property
    def bootstrap(self) -> str:
        """Return the address for clients, `host:port`; a restart keeps the address."""
        return f"{ports.HOST}:{self._known_ports().plain}"

    @property
    def secured_bootstrap(self) -> str:
        """Return the address of the second listener.

        Raises:
            ValueError: the broker has no second listener.

        """
        if self._security.protocol is None:
            raise ValueError("the broker has no second listener; pass tls or login to Broker")
        return f"{ports.HOST}:{self._known_ports().secured}"

    @property
    def log(self) -> Path:
        """Return the path of the log of Kafka."""
        return self._folder.log

    @property
    def pid(self) -> int:
        """Return the process id of Kafka."""
        return self._running().pid

    def start(self) -> Self:
        """Start Kafka and wait for an answer. A running broker stays unchanged.

        Raises:
            ToolMissingError: Java is missing, or Maven is missing and Kafka is not fetched yet.
            UserError: the folder or the port cannot be used, or Kafka ends or does not answer.

        """
        if self._child is not None and self._child.is_alive():
            return self
        self.kill()  # release the folder of a process that has ended by itself
        java = [find_java(), *_JAVA_OPTIONS, "-cp", class_path()]
        self._folder.lock()
        try:
            self._start(java)
        finally:
            if self._child is None:
                self._folder.unlock()
        return self

    def stop(self) -> None:
        """Stop Kafka; kill the process after `stop_within_s`. The data remain. Does nothing if Kafka does not run."""
        self._end(self._stop_within_s)

    def kill(self) -> None:
        """Kill Kafka at once, like a crash."""
        self._end(0)

    def restart(self) -> None:
        """Stop Kafka if necessary and start again with the same ports and data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Pause Kafka: connections stay open without answers."""
        self._running().send(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a paused Kafka."""
        self._running().send(signal.SIGCONT)

    def wait(self) -> None:
        """Wait until Kafka ends.

        Raises:
            UserError: Kafka has ended without a request.

        """
        self._running().wait()
        raise self._failure("Kafka ended")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _known_ports(self) -> ports.Ports:
        if self._ports is None:
            raise ValueError("the broker has no address before its first start; call start()")
        return self._ports

    def _running(self) -> BrokerProcess:
        if self._child is None:
            raise ValueError("the broker does not run; call start()")
        return self._child

    def _end(self, grace_s: float) -> None:
        if self._child is not None:
            self._child.end(grace_s)
            self._child = None
            self._folder.unlock()

    def _start(self, java: list[str]) -> None:
        for _ in range(_TRIES):
            any_port = self._ports is None and self._fixed_port is None
            self._ports = self._ports or ports.choose(self._fixed_port)
            ports.require_free(self._ports.plain)
            try:
                self._configure(java, self._ports)
                self._run(java, self._ports)
            except UserError:
                if not (any_port and self._folder.log_contains(_TAKEN)):
                    raise
                self._ports = None  # another process took a port first: try other ports
            else:
                return
        raise UserError(f"other processes took the broker's ports {_TRIES} times in a row; choose a port with --port")

    def _configure(self, java: list[str], chosen: ports.Ports) -> None:
        try:
            (self._folder.path / _PROPERTIES).write_text(server_properties(chosen, self._security), "ascii")
            self._security.write_files(self._folder.path)
        except OSError as error:
            raise self._folder.unusable(error) from None
        if not (self._folder.path / DATA / "meta.properties").exists():
            self._format(java)

    def _format(self, java: list[str]) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        named = f"--cluster-id={cluster}"  # in one word, because one id in 64 begins with a dash
        tool = ["kafka.tools.StorageTool", "format", "--standalone", named, "--config", _PROPERTIES]
        with self.log.open("ab") as log:
            done = subprocess.run(  # noqa: S603 - fixed words and a checked login
                [*java, *tool, *self._security.format_arguments()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder.path,
                check=False,
            )
        if done.returncode:
            raise self._failure(f"the storage tool exited with status {done.returncode}")

    def _run(self, java: list[str], chosen: ports.Ports) -> None:
        child = self._child = BrokerProcess([*java, "kafka.Kafka", _PROPERTIES], self._folder.path, self.log)
        answered, ended = False, False
        try:
            answered = await_answer(chosen.plain, time.monotonic() + self._start_within_s, child.is_alive)
            ended = not child.is_alive()
        finally:
            if not answered:
                self._end(0)
        if not answered:
            raise self._failure("Kafka ended" if ended else f"no answer within {self._start_within_s:g} s")

    def _failure(self, cause: str) -> UserError:
        return UserError(
            f"the Kafka broker failed: {cause}; see the end of {self.log} below, and try an empty folder:\n"
            f"{self._folder.log_excerpt()}"
        )
