"""Commands that read platforms' streams: `listen`."""

from typing import Annotated

import typer

from streams.cli.common import ConfigFile, Overrides, add, friendly, load_settings, warn_of_demo_key

_GROUP = "Run live"


def register(main: typer.Typer) -> None:
    """Add the commands of this group."""
    add(
        main,
        _GROUP,
        listen,
        "hearsay listen bluesky",
        "hearsay listen mastodon --set listen.mastodon_url=https://mastodon.example",
        notes="Tokens come from the environment or from files, see `hearsay settings`.",
    )


def listen(
    platform: Annotated[
        str, typer.Argument(metavar="PLATFORM", help="bluesky, mastodon, telegram-bot, whatsapp-webhook or x.")
    ],
    raw: Annotated[
        bool,
        typer.Option("--raw", help="Publish raw identifiers. Only for a deployment that pseudonymises at intake."),
    ] = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Publish the events of a platform to the topic `forwards`, until SIGTERM or Ctrl-C.

    Identifiers are replaced by digests under the deployment's key. The listener continues at its last cursor, on the
    topic `cursors`.
    """
    with friendly():
        effective = load_settings(config, overrides)

        from streams.listeners.run import run

        warn_of_demo_key(effective)
        run(effective, platform, raw=raw)
