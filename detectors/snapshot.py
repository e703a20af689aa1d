"""Convert a detector's state to bytes and back, with a name and a version, so an older state is migrated or refused.

Every stateful detector calls `pack` in its `snapshot` and `unpack` in its `restore`; no other module knows the format.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

Older = Mapping[int, Callable[[Any], Any]]
"""Migrations by version: each converts a state of that version, as plain lists and maps, to the current form."""


def unchanged(state: T) -> T:
    """Return the state of an older version whose own form is the current one: only states inside it have changed."""
    return state


class SnapshotError(ValueError):
    """A state that this release cannot read. The message names the state and the action to take."""


class _Envelope(msgspec.Struct, array_like=True):
    name: str
    version: int
    state: msgspec.Raw


_decode_envelope = msgspec.msgpack.Decoder(_Envelope).decode
_decoders: dict[object, msgspec.msgpack.Decoder[Any]] = {}
_registering = threading.Lock()


def pack(name: str, version: int, state: object) -> bytes:
    """Encode a state as MessagePack with its name and version; equal states give equal bytes."""
    return msgspec.msgpack.encode(_Envelope(name, version, msgspec.Raw(msgspec.msgpack.encode(state))))


def unpack(name: str, version: int, state_type: type[T], data: bytes, older: Older | None = None) -> T:
    """Decode a state written by `pack`, in the current version or an `older` version.

    Raises:
        SnapshotError: not a snapshot, of another detector, or of an unreadable version.

    """
    try:
        envelope = _decode_envelope(data)
    except msgspec.MsgspecError as error:
        raise SnapshotError(
            f"cannot read a snapshot of {name}: {error}; replay the log to build the state again"
        ) from error
    migrate = (older or {}).get(envelope.version)
    if envelope.name != name or (envelope.version != version and migrate is None):
        raise SnapshotError(
            f"cannot read a snapshot of {envelope.name} version {envelope.version} as {name} version {version}; "
            "replay the log, or use the release that wrote the snapshot"
        )
    decoder = _decoder(state_type)
    try:
        if migrate is not None:
            return msgspec.convert(migrate(msgspec.msgpack.decode(envelope.state)), type=state_type)
        return decoder.decode(envelope.state)
    except (msgspec.MsgspecError, TypeError, ValueError) as error:  # a migration relies on the old form
        raise SnapshotError(
            f"cannot read the state of {name} version {envelope.version}: {error}; replay the log"
        ) from error


def _decoder(state_type: type[T]) -> msgspec.msgpack.Decoder[T]:
    """Return the decoder of a type. Tasks restore in threads of their own, and only one thread may register a type.

    msgspec 0.22 analyses a type at its first use. A second thread that uses the type during the analysis gets a partial
    result, and the process dies.
    """
    with _registering:
        if state_type not in _decoders:
            _decoders[state_type] = msgspec.msgpack.Decoder(state_type)
        return _decoders[state_type]
