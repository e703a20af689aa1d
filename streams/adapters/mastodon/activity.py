"""Convert ActivityPub activities, as an inbox or a relay receives them.

`Announce` is a boost, `Create` a post, `Update` an edit, `Delete` and `Undo` a deletion, and `Flag` a report. Ids are
addresses, one on the whole network, so replies name their parent. The sender's server writes `published`, so with a
time of receipt, that time counts. ActivityPub (W3C Recommendation, 2018); Activity Vocabulary.
"""

import hashlib
from collections.abc import Iterator

from schemas.event import ForwardEvent, IdScope, Kind, ParentEvidence, Report
from streams.adapters.base import Converted, Outcome, Refused, Skipped
from streams.adapters.fields import MAX_ID_CHARS, FieldError, Fields, short_id
from streams.adapters.mastodon.status import ORIGIN, text_of
from streams.adapters.platforms import MASTODON

TYPES = frozenset({"Announce", "Create", "Update", "Delete", "Undo", "Flag"})
_PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_POSTS = frozenset({"Note", "Question", "Article", "Page", "Image", "Audio", "Video", "Event"})
_QUOTES = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")


def convert_activity(activity: object, *, received_at: int | None = None) -> Outcome:
    """Return the outcome of one activity; never raises.

    Args:
        activity: the object, as decoded.
        received_at: time of receipt in ms; None for a file, whose events have the sender's time.

    """
    fields = Fields(activity)
    try:
        match fields.word("type"):
            case "Announce":
                return _announce(fields, received_at)
            case "Create" | "Update" as name:
                return _post(fields, received_at, is_edit=name == "Update")
            case "Delete" | "Undo":
                return _deletion(fields, received_at)
            case "Flag":
                return _flag(fields, received_at)
    except FieldError as error:
        return Refused(error.reason, error.detail)
    return Skipped("other_activity")


def _announce(activity: Fields, received_at: int | None) -> Outcome:
    if not _is_public(activity):
        return Skipped("not_public")
    original = _reference(activity, "object")
    if original is None:
        raise FieldError("missing_field", "`object` is missing")
    event = _event(
        activity,
        received_at,
        activity.time("published"),
        kind=Kind.FORWARD,
        message_id=activity.need_id("id"),
        root_ref=original,
        parent_evidence=ParentEvidence.ORIGIN_ONLY,
    )
    return Converted((event,))


def _post(activity: Fields, received_at: int | None, *, is_edit: bool) -> Outcome:
    note = activity.within("object")
    if note.word("type") not in _POSTS:
        return Skipped("other_object")
    if not (_is_public(activity) or _is_public(note)):
        return Skipped("not_public")
    uri = note.need_id("id")
    edited_at = note.time("updated") if is_edit else None
    parent = _reference(note, "inReplyTo")
    quoted = next((one for one in (_reference(note, name) for name in _QUOTES) if one is not None), None)
    kind = Kind.REPLY if parent is not None else Kind.QUOTE if quoted is not None else Kind.POST
    text, addresses = text_of(note.text("content") or note.text("name"), note.text("summary"))
    event = _event(
        activity,
        received_at,
        edited_at or note.time("published") or activity.time("published"),
        kind=Kind.EDIT if is_edit else kind,
        message_id=uri,
        event_id=uri if edited_at is None else f"{uri}@{edited_at // 1000}",
        parent_ref=parent or quoted,
        parent_evidence=ParentEvidence.API_PARENT if parent or quoted else ParentEvidence.NONE,
        text=text,
        urls=addresses,
    )
    return Converted((event,))


def _deletion(activity: Fields, received_at: int | None) -> Outcome:
    """Return the deletion of a post, or of the boost that is undone; other undone activities are skipped."""
    if activity.word("type") == "Undo" and activity.within("object").word("type") not in {"Announce", ""}:
        return Skipped("other_activity")
    deleted, actor = _reference(activity, "object"), _reference(activity, "actor")
    if deleted is None:
        raise FieldError("missing_field", "`object` is missing")
    if deleted == actor:
        return Skipped("account_deleted")
    at = activity.time("published")
    if at is None and received_at is None:
        return Skipped("no_time")
    return Converted((
        _event(activity, received_at, at, kind=Kind.DELETE, message_id=deleted, event_id=f"{deleted}#d"),
    ))  # fmt: skip


def _flag(activity: Fields, received_at: int | None) -> Outcome:
    """Return a report for each reported post; the first object is the reported account."""
    at = activity.time("published")
    if at is None and received_at is None:
        return Skipped("no_time")
    number, posts = activity.need_id("id"), list(_reported(activity))[1:]
    events = [
        _event(
            activity,
            received_at,
            at,
            kind=Kind.REPORT,
            message_id=post,
            event_id=f"report/{number}/{hashlib.sha256(post.encode()).hexdigest()[:16]}",
            report=Report("flag"),
        )
        for post in posts
    ]
    return Converted(tuple(events)) if events else Skipped("no_status")


def _reported(activity: Fields) -> Iterator[str]:
    objects = activity.get("object")
    for one in objects if isinstance(objects, list) else [objects]:
        if isinstance(one, str) and 0 < len(one) <= MAX_ID_CHARS:
            yield one


def _event(
    activity: Fields,
    received_at: int | None,
    claimed_at: int | None,
    *,
    kind: Kind,
    message_id: str,
    event_id: str = "",
    root_ref: str | None = None,
    parent_ref: str | None = None,
    parent_evidence: ParentEvidence = ParentEvidence.NONE,
    text: str = "",
    urls: tuple[str, ...] = (),
    report: Report | None = None,
) -> ForwardEvent:
    actor = _reference(activity, "actor")
    if actor is None:
        raise FieldError("missing_field", "`actor` is missing")
    if claimed_at is None and received_at is None:
        raise FieldError("missing_field", "`published` is missing, or no time with a zone")
    return ForwardEvent(
        event_id=short_id(event_id or message_id, "id"),
        platform=MASTODON,
        kind=kind,
        created_at=claimed_at if received_at is None else received_at,
        claimed_at=claimed_at,
        observed_at=received_at,
        message_id=message_id,
        id_scope=IdScope.PLATFORM,
        root_ref=root_ref,
        parent_ref=parent_ref,
        parent_evidence=parent_evidence,
        actor=actor,
        text=text,
        urls=urls,
        report=report,
        source=ORIGIN,
    )


def _reference(fields: Fields, name: str) -> str | None:
    """Return the id of an object, which is given as an address or as an object with an `id`; None if absent."""
    return fields.within(name).id("id") if isinstance(fields.get(name), dict) else fields.id(name)


def _is_public(fields: Fields) -> bool:
    """Return True if the recipients include everyone."""
    for name in ("to", "cc"):
        recipients = fields.get(name)
        for one in recipients if isinstance(recipients, list) else [recipients]:
            if isinstance(one, str) and one in _PUBLIC:
                return True
    return False


__all__ = ["TYPES", "convert_activity"]
