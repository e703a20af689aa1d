"""Commands to set Hearsay up and try it: `doctor`, `settings`, `simulate`, `claims`, `broker`, `schema`."""

import logging
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import (
    AsJson,
    ConfigFile,
    Overrides,
    Overwrite,
    add,
    friendly,
    load_settings,
    print_json,
    print_lines,
    rewrite,
)
from streams.errors import UserError, already_exists

_GROUP = "Set up and try"
_LISTED = 10  # publishers, verdicts and languages of a claims file
SIMULATOR_SETTINGS = (
    "seed, events, cascades, hours, start_ms, target_size, largest_share, languages, mix.*, mutations.*, disorder.*"
)


def register(main: typer.Typer) -> None:
    """Add the commands of this group."""
    add(main, _GROUP, doctor, "hearsay doctor")
    add(main, _GROUP, settings, "hearsay settings --set growth.target_size=100 > hearsay.toml")
    add(
        main,
        _GROUP,
        simulate,
        "hearsay simulate --out day.jsonl.gz --set events=20000 --set mix.viral=0.1",
        notes=f"Settings for --set: {SIMULATOR_SETTINGS}; see docs/simulate.md.",
    )
    add(main, _GROUP, claims, "hearsay claims fact-checks.jsonl")
    add(main, _GROUP, broker, "hearsay broker runs/kafka --port 9092")
    add(main, _GROUP, schema, "hearsay schema --out schemas")


def doctor(as_json: AsJson = False, config: ConfigFile = None, overrides: Overrides = None) -> None:
    """Check Python, packages, codecs, model, memory, disk and key, and exit with 1 if a check fails."""
    with friendly():
        effective = load_settings(config, overrides)

        from streams.devtools.doctor import examine
        from streams.version import code_version

        findings = examine(effective)
        if as_json:
            print_json({"version": code_version(), "findings": findings})
        else:
            from streams.cli.display.checks import findings_table
            from streams.cli.display.tables import print_table

            print_table(findings_table(findings))
        raise typer.Exit(int(any(finding.failed for finding in findings)))


def settings(
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print all settings as Markdown tables.")] = False,
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="PAGE", help="Rewrite the tables between <!-- settings --> and <!-- /settings --> of a page."
        ),
    ] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Print the effective settings as a TOML file, with the origin of each changed setting."""
    from streams.settings import render

    with friendly():
        if into is not None:
            rewrite(into, "settings", render.as_markdown())
        elif markdown:
            typer.echo(render.as_markdown(), nl=False)
        elif as_json:
            print_json(render.to_json(load_settings(config, overrides)))
        else:
            typer.echo(render.as_toml(load_settings(config, overrides)), nl=False)


def simulate(
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write, e.g. day.jsonl.gz.")],
    truth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the rumour of each event, for evaluation.")
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Start from the settings of examples/sample.jsonl.gz.")
    ] = False,
    overwrite: Overwrite = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting of the simulator. Can be repeated."),
    ] = None,
) -> None:
    """Write a synthetic stream of events; the same settings give the same stream."""
    from streams.devtools.simulator import SAMPLE, SimulatorConfig, write_simulation
    from streams.settings.tree import from_text

    with friendly():
        config = from_text(SAMPLE if sample else SimulatorConfig(), overrides or [])
        for path, option in ((out, "--out"), (truth, "--truth")):
            if path is not None and path.exists() and not overwrite:
                raise UserError(already_exists(path, option))
            if path is not None and not path.parent.is_dir():
                raise UserError(f"cannot write {path}: no folder {path.parent}; create it, or choose another {option}")
        try:
            write_simulation(config, out, truth)
        except OSError as error:
            raise UserError(f"cannot write {error.filename}: {error.strerror}; choose another file") from None
        print_lines([f"wrote {out}", f"next: hearsay replay {out}"])


def claims(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines or ClaimReview, plain or gzip.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print each claim as one line of JSON.")] = False,
) -> None:
    """Check a file of fact-checked claims, for the setting claims.file.

    The command counts claims by publisher, verdict and language, and prints the reasons for skipped entries.
    """
    from detectors.text.formatting import plain
    from streams.reference.claims import read_claims

    with friendly():
        bank = read_claims(file)
        if as_json:
            for claim in bank.claims:
                print_json(claim)
            return
        typer.echo(f"{len(bank.claims):,} claims, {len(bank.skipped):,} entries skipped")
        for title, counts in (
            ("publishers", Counter(claim.publisher for claim in bank.claims)),
            ("verdicts", Counter(claim.verdict for claim in bank.claims)),
            ("languages", Counter(language for claim in bank.claims for language in claim.languages or ("unknown",))),
        ):
            listed = ", ".join(f"{plain(name)} {count:,}" for name, count in counts.most_common(_LISTED))
            typer.echo(f"{title}: {listed}")
        for skipped in bank.skipped[:_LISTED]:
            typer.echo(f"skipped entry {skipped.entry}: {plain(skipped.reason)}")


def broker(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Data and log folder. Default: a temporary folder, deleted on exit."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", min=1, max=65535, help="Port for clients. Default: a free port.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the temporary folder.")] = False,
) -> None:
    """Run Apache Kafka for development in the foreground, without Docker, until Ctrl-C. Needs Java 17 and Maven."""
    from streams.devtools.broker import Broker

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopping a service is like Ctrl-C
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # the client logs each attempt while the broker starts
    typer.echo("starting Apache Kafka; the first start takes a minute, because Maven downloads Kafka", err=True)
    with friendly():
        try:
            with _data_folder(folder, keep=keep) as place, Broker(place, port=port) as running:
                typer.echo(f"log: {running.log}; Ctrl-C stops the broker", err=True)
                typer.echo(running.bootstrap)  # last: a script that reads the address may stop the broker at once
                running.wait()
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)


@contextmanager
def _data_folder(folder: Path | None, *, keep: bool) -> Iterator[Path]:
    if folder is not None:
        yield folder
    elif keep:
        yield Path(tempfile.mkdtemp(prefix="hearsay-broker-"))
    else:
        with tempfile.TemporaryDirectory(prefix="hearsay-broker-") as made:
            yield Path(made)


def schema(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder to write to.")] = Path("docs/schemas"),
    overwrite: Overwrite = False,
) -> None:
    """Write a JSON Schema for each message, and an AsyncAPI document of the topics."""
    from streams.kafka.contract import export

    with friendly():
        print_lines([str(path) for path in export(out, overwrite=overwrite)])
