"""Replace identifiers by keyed digests, and seal rejected payloads, before anything leaves intake.

A reader of a topic, a log or a report must not learn the sender of a message. Only the holder of the key can test a
guess. BLAKE2b as a keyed hash: RFC 7693, DOI 10.17487/RFC7693. AES-SIV, which seals equal bytes to equal bytes and
needs no random nonce: RFC 5297, DOI 10.17487/RFC5297.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_DIGEST_BYTES = 16
_SCOPES = 256  # platforms, and chats as scopes, whose name is hashed once
_MIN_KEY_BYTES = 16
_MAX_KEY_BYTES = hashlib.blake2b.MAX_KEY_SIZE


class SealError(ValueError):
    """Bytes that another key sealed, or that were changed since."""


class Sealer:
    """Encrypts bytes for the holder of the key; equal bytes give equal sealed bytes.

    Costs about three microseconds a kilobyte and keeps no state. Equal payloads are recognisable as equal, the price of
    a replay that reproduces every byte.
    """

    def __init__(self, key: bytes, key_id: str) -> None:
        """Derive the sealing key; see `Pseudonymiser` for the rules."""
        _check(key, key_id)
        secret = hashlib.blake2b(digest_size=64, key=key, person=b"hearsay:seal", salt=b"aes-siv").digest()
        self._cipher = AESSIV(secret)
        self._bound = [key_id.encode()]

    def seal(self, raw: bytes) -> bytes:
        """Encrypt and authenticate `raw`; the result is 16 bytes longer."""
        return self._cipher.encrypt(raw, self._bound)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt the result of `seal`.

        Raises:
            SealError: the bytes were sealed with another key or key id, or were changed since.

        """
        try:
            return self._cipher.decrypt(sealed, self._bound)
        except InvalidTag:
            raise SealError(
                f"cannot decrypt the {len(sealed)} sealed bytes: another key sealed them, or they were changed; "
                "use the key with the id in the rejection's key_id"
            ) from None


class Pseudonymiser:
    """Gives each actor, chat, message and event a digest that is meaningless without the key.

    Equal inputs give equal digests, so spread can still be counted. The scope of an id is part of the input, the
    platform or one chat of the platform (`chat_scope`): equal ids on two platforms are two people. Actors, chats,
    messages, events, groups and the accounts in web addresses never share a digest, even for equal ids. A look-up of a
    recent id costs about 0.1 microseconds, of a new id about 0.8; memory is bounded by `remembered` entries for each of
    actors, chats, messages and accounts. A digest is a pseudonym and does not make the data anonymous: the key's holder
    can test a guess (EDPB Guidelines 01/2025).
    """

    def __init__(self, key: bytes, key_id: str, remembered: int = 65_536) -> None:
        """Derive one keyed hash per domain.

        Args:
            key: the secret, 16 to 64 random bytes.
            key_id: the key's public name, at least one character; published with the digests.
            remembered: number of digests in each cache.

        Raises:
            ValueError: a key of another length, no key id, or a cache without entries.

        """
        _check(key, key_id)
        if remembered < 1:
            raise ValueError(f"remembered is {remembered}; use 1 or more, or omit it for the default")
        self.key_id = key_id
        self._sealer = Sealer(key, key_id)
        cached = lru_cache(maxsize=remembered)
        self.actor: Callable[[str, str], str] = cached(_keyed(key, b"hearsay:actor"))
        self.chat: Callable[[str, str], str] = cached(_keyed(key, b"hearsay:chat"))
        self.message: Callable[[str, str], str] = cached(_keyed(key, b"hearsay:message"))
        self.account: Callable[[str, str], str] = cached(_keyed(key, b"hearsay:account"))  # in an address, by host
        self.event: Callable[[str, str], str] = _keyed(key, b"hearsay:event")  # each event comes once: no cache
        self.group: Callable[[str, str], str] = _keyed(key, b"hearsay:group")  # the parts of a post are few: no cache

    def __repr__(self) -> str:
        return f"Pseudonymiser(key_id={self.key_id!r})"

    def seal(self, raw: bytes) -> bytes:
        """Encrypt bytes; see `Sealer.seal`."""
        return self._sealer.seal(raw)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt sealed bytes; see `Sealer.open`."""
        return self._sealer.open(sealed)


def chat_scope(platform: str, chat: str) -> str:
    """Return the scope of ids that are unique in one chat only; no platform has such a name."""
    return f"{platform}\0{chat}"


def _keyed(key: bytes, person: bytes) -> Callable[[str, str], str]:
    """Build the keyed hash of one domain: (raw, scope) to 32 hexadecimal digits."""
    start = hashlib.blake2b(digest_size=_DIGEST_BYTES, key=key, person=person)

    @lru_cache(maxsize=_SCOPES)
    def prefix(scope: str) -> hashlib.blake2b:
        hashed = start.copy()
        name = scope.encode("utf-8", "surrogatepass")
        # The leading length separates ("ab", "c") from ("a", "bc") for any scope.
        hashed.update(len(name).to_bytes(2, "big") + name)
        return hashed

    def digest(raw: str, scope: str) -> str:
        hashed = prefix(scope).copy()
        hashed.update(raw.encode("utf-8", "surrogatepass"))
        return hashed.hexdigest()

    return digest


def _check(key: bytes, key_id: str) -> None:
    if not _MIN_KEY_BYTES <= len(key) <= _MAX_KEY_BYTES:
        raise ValueError(
            f"the pseudonym key has {len(key)} bytes, but needs {_MIN_KEY_BYTES} to {_MAX_KEY_BYTES}; "
            "make a key with `openssl rand -hex 32`"
        )
    if not key_id:
        raise ValueError('key_id is empty; set the name of the key, e.g. "2026-01"')
