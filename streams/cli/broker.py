"""The command `hearsay broker`: Kafka in the foreground until it is told to stop.

For trying the live stages on one machine; production has its own cluster. The package `streams.devtools.broker` is
imported when the command runs, so that help comes at once.
"""

import logging
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import friendly

app = typer.Typer()


@app.command("broker")
def broker(
    folder: Annotated[Path | None, typer.Argument(help="Its data and its log; else a folder that is removed.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Where clients connect; else a free one.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the folder that was made for it.")] = False,
) -> None:
    """Run Apache Kafka for development, without Docker, until Ctrl-C. Needs Java 17 and Maven."""
    from streams.devtools.broker import Broker

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service that is stopped ends like Ctrl-C
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # the client's tries at a broker that is only starting
    typer.echo("starting Apache Kafka; the first time Maven fetches it, which takes a minute", err=True)
    try:
        with friendly(), _place(folder, keep=keep) as place, Broker(place, port=port) as running:
            typer.echo(f"log: {running.log}; Ctrl-C stops it", err=True)
            typer.echo(running.bootstrap)  # last: who reads it may stop the broker at once
            running.wait()
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)


@contextmanager
def _place(folder: Path | None, *, keep: bool) -> Iterator[Path]:
    if folder is not None:
        yield folder
    elif keep:
        yield Path(tempfile.mkdtemp(prefix="hearsay-broker-"))
    else:
        with tempfile.TemporaryDirectory(prefix="hearsay-broker-") as made:
            yield Path(made)
