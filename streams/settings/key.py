"""Load the pseudonymisation key."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.base_config import BaseConfig
from detectors.privacy.pseudonym import Pseudonymiser
from streams.settings.tree import (
    SettingsError,
)

KEY_VARIABLE = "HEARSAY_KEY"


DEMO_KEY_ID = "demo"


DEMO_KEY = b"hearsay demo key, known to all"
"""Well known on purpose: a first replay needs no set-up, and its pseudonyms protect nobody."""


_HEX_KEY = re.compile(r"(?:[0-9a-fA-F]{2}){16,64}")


class KeySettings(BaseConfig, frozen=True, kw_only=True):
    """File and name of the pseudonymisation key; the key itself is never given on the command line."""

    file: Annotated[
        str,
        Meta(
            description="File of the pseudonymisation key, 32 to 128 hexadecimal digits; HEARSAY_KEY takes precedence."
        ),
    ] = ""
    id: Annotated[
        str, Meta(description="Public name of the key, stored with each digest. Empty: derived from the key.")
    ] = ""


class Key(msgspec.Struct, frozen=True):
    """The pseudonymisation key; shows its name only."""

    id: str
    origin: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key(id={self.id!r}, origin={self.origin!r}, secret=***)"

    @property
    def is_demo(self) -> bool:
        """Whether everybody knows it."""
        return self.secret == DEMO_KEY

    def pseudonymiser(self) -> Pseudonymiser:
        """What intake digests identifiers with."""
        return Pseudonymiser(self.secret, self.id)


def load_key(settings: KeySettings, environ: Mapping[str, str]) -> Key:
    """The key from HEARSAY_KEY, else from `key.file`, else the demo key.

    Raises:
        SettingsError: not a key, or a name that is not free.

    """
    given, origin = _given_key(settings, environ)
    if given is None:
        if settings.id not in ("", DEMO_KEY_ID):
            raise SettingsError(
                f"key.id must name a key that is there; got {settings.id!r} and no key; set {KEY_VARIABLE} or key.file"
            )
        return Key(DEMO_KEY_ID, "the demo key, known to everybody", DEMO_KEY)
    if not _HEX_KEY.fullmatch(given):
        raise SettingsError(
            f"the key must be 32 to 128 hexadecimal digits; got {len(given)} characters (not shown) {origin}; "
            "make one with `openssl rand -hex 32`"
        )
    if settings.id == DEMO_KEY_ID:
        raise SettingsError(
            f"key.id must not be the demo key's; got {DEMO_KEY_ID!r} with a key of your own {origin}; name it otherwise"
        )
    secret = bytes.fromhex(given)
    return Key(settings.id or _name_of(secret), origin, secret)


def _given_key(settings: KeySettings, environ: Mapping[str, str]) -> tuple[str | None, str]:
    if environ.get(KEY_VARIABLE):
        return environ[KEY_VARIABLE].strip(), f"in {KEY_VARIABLE}"
    if not settings.file:
        return None, ""
    try:
        return Path(settings.file).read_text("ascii").strip(), "in the file that key.file names"
    except OSError as error:
        raise SettingsError(
            f"key.file must be readable; got {error.strerror} for {settings.file}; check the path"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(
            "key.file must hold hexadecimal digits; got other bytes (not shown); make one with `openssl rand -hex 32`"
        ) from None


def _name_of(secret: bytes) -> str:
    """A key's public name: it differs whenever the key does, and does not lead back to it."""
    return "k" + hashlib.blake2b(secret, digest_size=6, person=b"hearsay:key-id").hexdigest()
