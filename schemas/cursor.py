"""Define `Cursor`: the position in a platform's stream up to which a listener has published everything."""

from typing import Annotated

from msgspec import Meta

from schemas.base import Message, Ms


class Cursor(Message, frozen=True, kw_only=True):
    """Position in a platform's stream up to which every event is on `forwards`; a listener continues there."""

    listener: Annotated[str, Meta(description="Name of the listener.", examples=["bluesky"])]
    stream: Annotated[
        str,
        Meta(
            description="The server and the stream on it; positions of two streams are not comparable.",
            examples=["wss://jetstream2.us-east.bsky.network/subscribe"],
        ),
    ]
    position: Annotated[str, Meta(description="Position in the platform's notation.", examples=["1772436541558000"])]
    at: Annotated[Ms | None, Meta(description="Time of the platform at the position, if known.")] = None


__all__ = ["Cursor"]
