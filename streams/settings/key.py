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
from streams.settings.tree import SettingsError
from streams.small_files import MAX_BYTES, read_at_most

KEY_VARIABLE = "HEARSAY_KEY"
DEMO_KEY_ID = "demo"
DEMO_KEY = b"hearsay demo key, known to all"
"""Public on purpose: a first replay needs no set-up. Pseudonyms made with this key protect no sender."""

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
    """The pseudonymisation key; its `repr` hides the secret."""

    id: str
    origin: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key(id={self.id!r}, origin={self.origin!r}, secret=***)"

    @property
    def is_demo(self) -> bool:
        """True for the public demo key."""
        return self.secret == DEMO_KEY

    def pseudonymiser(self) -> Pseudonymiser:
        """Return the pseudonymiser for intake."""
        return Pseudonymiser(self.secret, self.id)


def load_key(settings: KeySettings, environ: Mapping[str, str]) -> Key:
    """Return the key in HEARSAY_KEY, else in `key.file`, else the demo key.

    Raises:
        SettingsError: no valid key, an unreadable file, or a name that belongs to no key or to the demo key.

    """
    text, origin = _key_text(settings, environ)
    if text is None:
        if settings.id not in ("", DEMO_KEY_ID):
            raise SettingsError(
                f"key.id is {settings.id!r}, but there is no key; set {KEY_VARIABLE} or key.file, or remove key.id"
            )
        return Key(DEMO_KEY_ID, "the public demo key", DEMO_KEY)
    if not _HEX_KEY.fullmatch(text):
        raise SettingsError(
            f"the key {origin} is not 32 to 128 hexadecimal digits, but {len(text)} characters (not shown); "
            "make a key with `openssl rand -hex 32`"
        )
    if settings.id == DEMO_KEY_ID:
        raise SettingsError(
            f"key.id is {DEMO_KEY_ID!r}, the name of the public demo key, but a key is given {origin}; rename it"
        )
    secret = bytes.fromhex(text)
    return Key(settings.id or _name_of(secret), origin, secret)


def _key_text(settings: KeySettings, environ: Mapping[str, str]) -> tuple[str | None, str]:
    if environ.get(KEY_VARIABLE):
        return environ[KEY_VARIABLE].strip(), f"in {KEY_VARIABLE}"
    if not settings.file:
        return None, ""
    try:
        return read_at_most(Path(settings.file), MAX_BYTES).decode("ascii").strip(), f"in {settings.file} (key.file)"
    except OSError as error:
        raise SettingsError(f"cannot read the key file {settings.file}: {error.strerror}; check key.file") from None
    except UnicodeDecodeError:
        raise SettingsError(
            f"the key file {settings.file} has bytes other than hexadecimal digits (not shown); make a key with "
            "`openssl rand -hex 32`"
        ) from None


def _name_of(secret: bytes) -> str:
    """Return a public name derived from a key: equal for equal keys, and useless for finding the key."""
    return "k" + hashlib.blake2b(secret, digest_size=6, person=b"hearsay:key-id").hexdigest()
