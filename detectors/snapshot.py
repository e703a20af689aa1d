"""A detector's state as bytes and back, with a name and a version, so that an older state migrates or is refused.

Every stateful detector calls `pack` in its `snapshot` and `unpack` in its `restore`; nothing else knows the format.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

Older = Mapping[int, Callable[[Any], Any]]
"""By version: how a state written then, as plain lists and maps, becomes one of today's."""


class SnapshotError(ValueError):
    """A state that this release cannot read. The message says which, and what to do."""


class _Envelope(msgspec.Struct, array_like=True):
    name: str
    version: int
    state: msgspec.Raw


_decode_envelope = msgspec.msgpack.Decoder(_Envelope).decode
_decoders: dict[object, msgspec.msgpack.Decoder[Any]] = {}
_learning = threading.Lock()


def pack(name: str, version: int, state: object) -> bytes:
    """State as MessagePack under its detector's name and its format's version; equal states give equal bytes."""
    return msgspec.msgpack.encode(_Envelope(name, version, msgspec.Raw(msgspec.msgpack.encode(state))))


def unpack(name: str, version: int, state_type: type[T], data: bytes, older: Older | None = None) -> T:
    """The state that `pack` wrote, now or in one of the `older` versions.

    Raises:
        SnapshotError: not a snapshot, another detector's, or of a version that this release does not read.

    """
    try:
        envelope = _decode_envelope(data)
    except msgspec.MsgspecError as error:
        raise SnapshotError(
            f"a snapshot must be MessagePack written by this program; got {error}; replay the log"
        ) from error
    migrate = (older or {}).get(envelope.version)
    if envelope.name != name or (envelope.version != version and migrate is None):
        raise SnapshotError(
            f"a snapshot must be of {name} version {version}; got {envelope.name} version {envelope.version}; "
            "replay the log, or use the release that wrote it"
        )
    decoder = _decoder(state_type)
    try:
        if migrate is not None:
            return msgspec.convert(migrate(msgspec.msgpack.decode(envelope.state)), type=state_type)
        return decoder.decode(envelope.state)
    except (msgspec.MsgspecError, TypeError, ValueError) as error:  # a migration takes the old shape for granted
        raise SnapshotError(
            f"the state of {name} must match version {envelope.version}; got {error}; replay the log"
        ) from error


def _decoder(state_type: type[T]) -> msgspec.msgpack.Decoder[T]:
    """One decoder for each type. Lanes restore in threads of their own, and only one may teach msgspec a type.

    msgspec 0.22 learns a type when it first meets it; a thread that meets the type while those inside it are being read
    takes what is half learnt, and the process dies.
    """
    with _learning:
        if state_type not in _decoders:
            _decoders[state_type] = msgspec.msgpack.Decoder(state_type)
        return _decoders[state_type]
