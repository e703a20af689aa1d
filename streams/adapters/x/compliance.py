"""Convert the events by which X asks to delete posts and names the state of accounts.

A post that was deleted, dropped or withheld is a deletion; it is not known whether a post comes back (`undrop`), since
its text is not in the event. Names are read in both spellings of the documentation, `user_delete` and `userDelete`.
X API v2, compliance streams.

Reasons to skip: the name of an event without a counterpart, such as `undrop`, `tweet_edit` or `user_withheld`.
"""

import re
from typing import Any

from schemas.event import AccountStatus, ForwardEvent, IdScope, Kind, Source
from streams.adapters.base import Converted, Outcome, Skipped
from streams.adapters.fields import FieldError, Fields, short_id
from streams.adapters.platforms import X
from streams.adapters.x.post import deletions, read_ms, read_stamp

DELETIONS = frozenset({"delete", "drop", "withheld"})
STATES = {
    "user_delete": AccountStatus.DELETED,
    "user_undelete": AccountStatus.ACTIVE,
    "user_suspend": AccountStatus.SUSPENDED,
    "user_unsuspend": AccountStatus.ACTIVE,
    "user_protect": AccountStatus.DEACTIVATED,
    "user_unprotect": AccountStatus.ACTIVE,
}
PASSED_OVER = frozenset({"undrop", "tweet_edit", "user_withheld", "user_profile_modification"})
NAMES = DELETIONS | set(STATES) | PASSED_OVER

_capital = re.compile(r"(?<=[a-z])([A-Z])").sub


def _snake(name: str) -> str:
    return _capital(lambda found: f"_{found[1].lower()}", name)


def event_name(data: dict[str, Any]) -> str | None:
    """Return the key under which an object holds a compliance event; None if it holds none."""
    return next((name for name in data if len(name) <= 32 and _snake(name) in NAMES), None)


def convert(data: dict[str, Any], name: str, adapter: str) -> Outcome:
    """Return the outcome of the event under a key of an object.

    Raises:
        FieldError: a field is missing or has another type.

    """
    kind = _snake(name)
    if kind in PASSED_OVER:
        return Skipped(kind)
    event = Fields(data, "data.").within(name)
    at = _time(event, name)
    if kind in DELETIONS:
        return Converted(deletions([event.within("tweet").need_id("id")], at, adapter))
    user = event.within("user") if "user" in event else event
    return Converted((account_state(user.need_id("id"), at, STATES[kind], adapter),))


def account_state(account: str, at: int, status: AccountStatus, adapter: str) -> ForwardEvent:
    """Return the new state of an account at a time in ms."""
    return ForwardEvent(
        event_id=short_id(f"account/{account}/{at}", "user.id"),
        platform=X,
        kind=Kind.ACCOUNT_STATE,
        created_at=at,
        actor=account,
        account_status=status,
        id_scope=IdScope.PLATFORM,
        source=Source(adapter),
    )


def _time(event: Fields, name: str) -> int:
    for field in ("event_at", "eventAt", "timestamp_ms"):
        if (at := read_stamp(event.get(field)) or read_ms(event.get(field))) is not None:
            return at
    raise FieldError("missing_field", f"`data.{name}.event_at` is missing or no time")


__all__ = ["DELETIONS", "NAMES", "STATES", "account_state", "convert", "event_name"]
