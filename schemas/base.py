"""Define the common part of all messages: the version, and one way to write JSON.

A schema changes by a new field with a default, so a message of any earlier release decodes for ever. Unknown fields are
ignored, so an older program reads a newer message.
"""

from typing import Annotated

import msgspec

Ms = Annotated[int, msgspec.Meta(description="milliseconds since 1970-01-01T00:00Z")]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8,64}$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]  # the integers that every JSON reader holds exactly
Duration = Annotated[int, msgspec.Meta(description="milliseconds", ge=0, le=1 << 53)]


def _current() -> int:
    return 1


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A versioned message. The decoder ignores unknown fields.

    The garbage collector does not track messages: they are trees, and there are many.
    """

    # A factory, because a plain default would be left out of the encoded message.
    schema_version: Annotated[int, msgspec.Meta(description="Version of the contract; 1 if absent.", examples=[1])] = (
        msgspec.field(default_factory=_current)
    )


def encode(message: msgspec.Struct) -> bytes:
    """Encode one message as compact UTF-8 JSON; equal messages give equal bytes."""
    return msgspec.json.encode(message)
