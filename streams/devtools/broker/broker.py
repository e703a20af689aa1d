"""One Apache Kafka in a folder: started, awaited, stopped, killed, paused, and brought back with its data.

Tests do to it what happens to brokers, so each of these is one call.
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
    "-XX:+UseSerialGC",  # with the next: half a second less to start than the defaults, on two cores
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",  # it prints five hundred settings, twice
)
_TRIES = 5
_TAKEN = "failed to bind"


class Broker:
    """A broker of one node on loopback, for development and tests only. As a context manager it is started and stopped.

    Args:
        folder: its data, configuration and log; made if absent, and kept. Empty, or an earlier broker's.
        port: where clients connect; a free one if None. The others are free ones in any case.
        tls: opens a second listener that speaks TLS.
        login: opens a second listener that asks for this login; with `tls` it is the same one.
        start_within_s: seconds until it must answer; what Maven does the first time is not counted.
        stop_within_s: seconds until it is killed when asked to stop.

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
                raise ValueError(f"{name} must be positive; got {value}; leave it out")
        self._folder = Folder(folder)
        self._fixed_port = port
        self._security = Security(tls, login)
        self._start_within_s = start_within_s
        self._stop_within_s = stop_within_s
        self._ports: ports.Ports | None = None
        self._child: BrokerProcess | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, `host:port`; the same after every restart."""
        return f"{ports.HOST}:{self._known_ports().plain}"

    @property
    def secured_bootstrap(self) -> str:
        """The address of the second listener."""
        if self._security.protocol is None:
            raise ValueError("a second listener must be asked for; got neither tls nor login; give one to Broker")
        return f"{ports.HOST}:{self._known_ports().secured}"

    @property
    def log(self) -> Path:
        """The file that Kafka logs to."""
        return self._folder.log

    @property
    def pid(self) -> int:
        """The number of the process that runs."""
        return self._running().pid

    def start(self) -> Self:
        """Start it and wait until it answers. One that runs is left alone.

        Raises:
            ToolMissingError: no Java, or no Maven to fetch Kafka with.
            UserError: the folder or the port cannot be used, or Kafka ends or does not answer.

        """
        if self._child is not None and self._child.is_alive():
            return self
        self.kill()  # clears away one that has ended by itself
        java = [find_java(), *_JAVA_OPTIONS, "-cp", class_path()]
        self._folder.take()
        try:
            self._start(java)
        finally:
            if self._child is None:
                self._folder.leave()
        return self

    def stop(self) -> None:
        """Let it finish, then end it. Its data stay. One that does not run is left alone."""
        self._end(self._stop_within_s)

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._end(0)

    def restart(self) -> None:
        """Start it again on the same ports with the same data, whether it was stopped, killed or runs."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Let it stand still: connections stay open and nothing answers."""
        self._running().send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused one go on."""
        self._running().send(signal.SIGCONT)

    def wait(self) -> None:
        """Wait as long as it runs.

        Raises:
            UserError: it has ended without having been asked to.

        """
        self._running().wait()
        raise self._failure("its end")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _known_ports(self) -> ports.Ports:
        if self._ports is None:
            raise ValueError("a broker has an address once it was started; got one that was not; call start()")
        return self._ports

    def _running(self) -> BrokerProcess:
        if self._child is None:
            raise ValueError("a broker must run for this; got one that does not; call start()")
        return self._child

    def _end(self, grace_s: float) -> None:
        if self._child is not None:
            self._child.end(grace_s)
            self._child = None
            self._folder.leave()

    def _start(self, java: list[str]) -> None:
        for _ in range(_TRIES):
            any_port = self._ports is None and self._fixed_port is None
            self._ports = self._ports or ports.choose(self._fixed_port)
            ports.require_free(self._ports.plain)
            try:
                self._configure(java, self._ports)
                self._run(java, self._ports)
            except UserError:
                if not (any_port and self._folder.log_says(_TAKEN)):
                    raise
                self._ports = None  # somebody was quicker: others will do
            else:
                return
        raise UserError(f"the broker needs ports that stay free; got {_TRIES} that others took; name one (--port)")

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
        named = f"--cluster-id={cluster}"  # in one word: one in 64 begins with a dash
        tool = ["kafka.tools.StorageTool", "format", "--standalone", named, "--config", _PROPERTIES]
        with self.log.open("ab") as log:
            done = subprocess.run(  # noqa: S603 - our own words, and a login that was checked
                [*java, *tool, *self._security.format_arguments()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder.path,
                check=False,
            )
        if done.returncode:
            raise self._failure(f"exit status {done.returncode} of its storage tool")

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
            raise self._failure("its end" if ended else f"no answer within {self._start_within_s:g} s")

    def _failure(self, what: str) -> UserError:
        return UserError(
            f"Kafka must start and go on; got {what} ({self.log}); see its last words, and try an empty folder:\n"
            f"{self._folder.last_words()}"
        )
