"""`StateTransferChunk`: a chunk of the state that an absorbed cascade hands to its survivor's partition."""

from schemas.base import Count, Message


class StateTransferChunk(Message, frozen=True, kw_only=True):
    """One chunk of the state of an absorbed cascade, sent to the survivor's partition on `state-transfers`."""

    merge_number: Count  # of the merge, as in `CascadeCommand`
    chunk: Count  # number of this chunk, from 0
    chunks: Count  # number of chunks in all
    data: bytes
