"""Settings of listeners, which read platforms' streams, and their secrets; none of the settings changes an alert.

A secret comes from the environment or from a file, and never from the command line, which other users of a machine see.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detectors.base_config import BaseConfig
from streams.settings.tree import SettingsError
from streams.small_files import MAX_BYTES, read_at_most

SECRETS = {
    "mastodon_token": "HEARSAY_MASTODON_TOKEN",
    "telegram_token": "HEARSAY_TELEGRAM_TOKEN",
    "whatsapp_secret": "HEARSAY_WHATSAPP_SECRET",
    "whatsapp_verify_token": "HEARSAY_WHATSAPP_VERIFY_TOKEN",
    "x_token": "HEARSAY_X_TOKEN",
}
"""Secrets by name, each with its environment variable; the file is the setting `listen.NAME_file`."""

_FILE = "File of {what}; {variable} takes precedence."


def _file(what: str, secret: str) -> Meta:
    return Meta(description=_FILE.format(what=what, variable=SECRETS[secret]))


class ListenSettings(BaseConfig, frozen=True, kw_only=True):
    """Servers, bounds and pauses of `hearsay listen`. Durations in ms, sizes in bytes."""

    host: Annotated[str, Meta(description="Address on which a listener serves /health, /ready and /metrics.")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int,
        Meta(ge=0, le=65_535, description="Port of a listener's /health, /ready and /metrics; 0 takes a free port."),
    ] = 6067
    max_in_flight: Annotated[
        int,
        Meta(
            ge=1,
            description="Items whose events await the broker; at the bound, a listener stops reading the platform.",
        ),
    ] = 10_000
    max_item_bytes: Annotated[
        int,
        Meta(
            ge=1024, description="Size of an item of a stream, or of the body of a webhook, above which it is refused."
        ),
    ] = 1 << 20
    cursor_interval_ms: Annotated[
        int, Meta(ge=1, description="Interval between two cursors on the topic `cursors`.")
    ] = 2_000
    backoff_min_ms: Annotated[
        int, Meta(ge=1, description="Longest pause before the first attempt to connect again; each attempt doubles it.")
    ] = 1_000
    backoff_max_ms: Annotated[int, Meta(ge=1, description="Longest pause between two attempts to connect.")] = 60_000
    idle_timeout_ms: Annotated[
        int, Meta(ge=100, description="Silence, heartbeats included, after which a connection counts as lost.")
    ] = 90_000
    proxy: Annotated[str, Meta(description="Address of an HTTP proxy to the platforms, without credentials.")] = ""
    bluesky_url: Annotated[
        str,
        Meta(
            description="Address of a Jetstream: `/subscribe` is version 1, "
            "`/xrpc/network.bsky.jetstream.subscribeEvents` version 2."
        ),
    ] = "wss://jetstream2.us-east.bsky.network/subscribe"
    bluesky_collections: Annotated[
        tuple[str, ...], Meta(description="Collections of records to receive; others than these two are skipped.")
    ] = ("app.bsky.feed.post", "app.bsky.feed.repost")
    bluesky_rewind_ms: Annotated[
        int,
        Meta(ge=0, description="Time before the cursor at which a version 1 stream is continued: its order is loose."),
    ] = 5_000
    mastodon_url: Annotated[
        str, Meta(description="Address of a Mastodon server, such as https://mastodon.example.")
    ] = ""
    mastodon_stream: Annotated[
        Literal["public", "public/local", "public/remote", "user"],
        Meta(description="Stream of the server; only `user` has boosts, those of the accounts that the user follows."),
    ] = "public"
    mastodon_catch_up: Annotated[
        int, Meta(ge=0, description="Pages of 40 statuses that are read after an interruption at most.")
    ] = 500
    mastodon_token_file: Annotated[str, _file("the access token of a Mastodon user", "mastodon_token")] = ""
    telegram_url: Annotated[str, Meta(description="Address of the Bot API, or of a Bot API server of your own.")] = (
        "https://api.telegram.org"
    )
    telegram_poll_ms: Annotated[
        int, Meta(ge=0, le=50_000, description="Time that one request for updates waits for the next update.")
    ] = 25_000
    telegram_token_file: Annotated[str, _file("the bot's token", "telegram_token")] = ""
    webhook_host: Annotated[str, Meta(description="Address on which webhooks are received.")] = "127.0.0.1"
    webhook_port: Annotated[int, Meta(ge=0, le=65_535, description="Port of webhooks; 0 takes a free port.")] = 6068
    webhook_path: Annotated[str, Meta(description="Path of webhooks on the server.")] = "/webhook"
    webhook_timeout_ms: Annotated[
        int,
        Meta(
            ge=1, description="Time for the broker to accept the events of a webhook; then the platform is to repeat."
        ),
    ] = 10_000
    whatsapp_secret_file: Annotated[str, _file("the app secret, which signs the webhooks", "whatsapp_secret")] = ""
    whatsapp_verify_token_file: Annotated[
        str, _file("the token with which the platform verifies the address", "whatsapp_verify_token")
    ] = ""
    x_url: Annotated[str, Meta(description="Address of the filtered stream; its rules are set at X.")] = (
        "https://api.x.com/2/tweets/search/stream"
    )
    x_backfill_minutes: Annotated[
        int,
        Meta(ge=0, le=5, description="Minutes that X is asked to repeat after an interruption, if the plan has it."),
    ] = 0
    x_token_file: Annotated[str, _file("the bearer token of an app at X", "x_token")] = ""

    def __post_init__(self) -> None:
        """Check that the pauses can grow, and that no setting that is shown holds a password."""
        super().__post_init__()
        if "@" in self.proxy:
            raise ValueError("listen.proxy holds credentials (not shown), which settings never do; use a proxy without")
        if self.backoff_min_ms > self.backoff_max_ms:
            raise ValueError(
                f"listen.backoff_min_ms is {self.backoff_min_ms}, above listen.backoff_max_ms "
                f"({self.backoff_max_ms}); swap the two"
            )


class Secrets(msgspec.Struct, frozen=True):
    """The secrets of listeners in the environment, and the files of the others; its `repr` hides them."""

    given: dict[str, str] = {}
    files: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self.given)) or 'none in the environment'})"

    def get(self, name: str) -> str:
        """Return a secret, from the environment or else from its file; "" if neither is set.

        Raises:
            SettingsError: the file cannot be read, or has more than one line.

        """
        if name in self.given:
            return self.given[name]
        path = self.files.get(name, "")
        if not path:
            return ""
        try:
            text = read_at_most(Path(path), MAX_BYTES).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            problem = getattr(error, "strerror", None) or "it is not text"
            raise SettingsError(f"cannot read {path}: {problem}; check listen.{name}_file") from None
        if not text or len(text.split()) != 1:
            raise SettingsError(f"{path} does not hold one secret alone (not shown); check listen.{name}_file")
        return text

    def need(self, name: str) -> str:
        """Return a secret that a listener cannot do without.

        Raises:
            SettingsError: the secret is not set, or its file cannot be read.

        """
        secret = self.get(name)
        if not secret:
            raise SettingsError(f"no {name.replace('_', ' ')} is set; set {SECRETS[name]} or listen.{name}_file")
        return secret


def load_secrets(settings: ListenSettings, environ: Mapping[str, str]) -> Secrets:
    """Return the secrets of listeners; a file is read when its secret is needed."""
    given = {name: environ[variable].strip() for name, variable in SECRETS.items() if environ.get(variable, "").strip()}
    return Secrets(given, {name: getattr(settings, f"{name}_file") for name in SECRETS})


__all__ = ["SECRETS", "ListenSettings", "Secrets", "load_secrets"]
