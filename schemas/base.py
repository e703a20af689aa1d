"""What every message has in common: a version, tolerance of the unknown, one way to read and write.

A schema changes by a new field with a default, so that a message written by any earlier release decodes for ever.
"""

from typing import Annotated

import msgspec

Ms = Annotated[int, msgspec.Meta(description="milliseconds since 1970-01-01T00:00Z")]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8,64}$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]  # what every JSON reader holds exactly
Duration = Annotated[int, msgspec.Meta(description="milliseconds", ge=0, le=1 << 53)]


def _current() -> int:
    return 1


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A versioned message; fields it does not know are ignored on the way in.

    The garbage collector does not look at messages: they are trees, and there are many.
    """

    # A factory, because a plain default would be left out of the encoded message.
    schema_version: int = msgspec.field(default_factory=_current)


def encode(message: msgspec.Struct) -> bytes:
    """One message as compact UTF-8 JSON; equal messages give equal bytes."""
    return msgspec.json.encode(message)
