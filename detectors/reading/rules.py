"""Check an event against the rules beyond its type: sizes, times, and the fields that its kind needs."""

from detectors.reading.config import IntakeConfig
from schemas.event import ForwardEvent, IdScope, Kind
from schemas.rejection import Reason
from schemas.sighting import SPREADING


class InvalidEventError(Exception):
    """An event breaks a rule of the contract: an expected outcome, which `Intake.update` turns into a rejection."""

    def __init__(self, reason: Reason, detail: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.missing = missing  # fields that the event lacks


def check(event: ForwardEvent, config: IntakeConfig) -> None:
    """Check an event against the rules beyond its type.

    Raises:
        InvalidEventError: the event breaks a rule; the error names the first.
    """
    if len(event.text) > config.max_text_chars:
        raise InvalidEventError(
            Reason.TOO_LARGE,
            f"`$.text` has {len(event.text)} characters; at most {config.max_text_chars} are allowed",
        )
    _check_times(event, config)
    if lacks_chat(event):
        raise InvalidEventError(
            Reason.MISSING_FIELD,
            "`$.chat` is missing; message ids of the scope `chat` need the chat, or the id_scope `platform`",
            ("chat",),
        )
    if event.kind in SPREADING or event.kind is Kind.EDIT:
        _require(event.message_id is not None, "message_id", event.kind)
    else:
        _check_statement(event)


def _check_times(event: ForwardEvent, config: IntakeConfig) -> None:
    """Check that an event has a stamp, and that each stamp is within the usable time."""
    created, claimed, observed = event.created_at, event.claimed_at, event.observed_at
    if created is None and claimed is None and observed is None:
        raise InvalidEventError(
            Reason.MISSING_FIELD,
            "`$.created_at`, `$.claimed_at` and `$.observed_at` are all missing; an event requires one of them, in "
            "milliseconds since 1970",
            ("created_at",),
        )
    for name, stamp in (("created_at", created), ("claimed_at", claimed), ("observed_at", observed)):
        if stamp is not None and not config.earliest_ms <= stamp <= config.latest_ms:
            raise _out_of_time(name, stamp, config)


def lacks_chat(event: ForwardEvent) -> bool:
    """Return True if an event refers to a message by an id of chat scope, and names no chat."""
    if event.id_scope is not IdScope.CHAT or event.chat is not None or event.key_id is not None:
        return False
    parent, root = event.parent_ref and not event.parent_chat, event.root_ref and not event.root_chat
    return bool(event.message_id or parent or root)


def _check_statement(event: ForwardEvent) -> None:
    kind = event.kind
    refers = bool(event.message_id or event.parent_ref or event.root_ref)
    if kind is Kind.ACCOUNT_STATE:
        _require(event.actor is not None, "actor", kind)
        _require(event.account_status is not None, "account_status", kind)
    elif kind is Kind.COUNTER:
        _require(refers, "message_id", kind)
        _require(event.counters is not None, "counters", kind)
    elif kind is Kind.DELETE:
        _require(refers, "message_id", kind)
    elif kind is Kind.REPORT:
        _require(event.report is not None, "report", kind)
        _require(refers or bool(event.text), "message_id", kind)
    elif kind is Kind.DEBUNK:
        _require(event.debunk is not None, "debunk", kind)
        _require(refers or bool(event.text), "text", kind)


def _require(present: bool, field: str, kind: Kind) -> None:
    if not present:
        raise InvalidEventError(
            Reason.MISSING_FIELD, f"`$.{field}` is missing; an event of kind {kind} requires it", (field,)
        )


def _out_of_time(field: str, value: int, config: IntakeConfig) -> InvalidEventError:
    return InvalidEventError(
        Reason.TIME_OUT_OF_RANGE,
        f"`$.{field}` is {_size(value)}, not within {config.earliest_ms} to {config.latest_ms} (ms since 1970), and in "
        "seconds, microseconds or nanoseconds not either; it may be the value of another field",
    )


def _size(value: int) -> str:
    """Describe a number without its digits: in a swapped column it may be a telephone number."""
    return "negative" if value < 0 else f"a number of {len(str(value))} digits"
