"""The command `hearsay claims`: what a bank of checked claims holds, before a run depends on it."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import friendly

_SHOWN = 10


def register(main: typer.Typer) -> None:
    """Add the command."""
    main.command()(claims)


def claims(
    file: Annotated[Path, typer.Argument(help="JSON Lines or ClaimReview, plain or gzip.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print each claim as it is read.")] = False,
) -> None:
    """Check a bank of checked claims, for the setting claims.file."""
    import msgspec

    from detectors.text.formatting import plain
    from streams.reference.claims import read_claims

    with friendly():
        bank = read_claims(file)
        if as_json:
            for claim in bank.claims:
                typer.echo(msgspec.json.encode(claim).decode())
            return
        typer.echo(f"{len(bank.claims):,} claims, {len(bank.skipped):,} entries skipped")
        for title, counts in (
            ("publishers", Counter(claim.publisher for claim in bank.claims)),
            ("verdicts", Counter(claim.verdict for claim in bank.claims)),
            ("languages", Counter(language for claim in bank.claims for language in claim.languages or ("unknown",))),
        ):
            listed = ", ".join(f"{plain(name)} {count:,}" for name, count in counts.most_common(_SHOWN))
            typer.echo(f"{title}: {listed}")
        for skipped in bank.skipped[:_SHOWN]:
            typer.echo(f"skipped entry {skipped.entry}: {plain(skipped.reason)}")
