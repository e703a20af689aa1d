"""Convert the webhook `report.created` of a Mastodon server: a person reports statuses to the moderators.

The payload holds the e-mail address and the IP addresses of the reporter. Only the fields of an event are read; nothing
else is kept. Mastodon documentation, admin/webhooks.
"""

from schemas.event import ForwardEvent, IdScope, Kind, Report
from streams.adapters.base import Converted, Outcome, Refused, Skipped
from streams.adapters.fields import FieldError, Fields, short_id
from streams.adapters.mastodon.status import ORIGIN, Server, actor_of, convert_status, is_public
from streams.adapters.platforms import MASTODON

_MAX_CATEGORY = 64  # characters


def convert_webhook(payload: object, server: Server, *, received_at: int | None = None) -> Outcome:
    """Return the outcome of one webhook; never raises.

    Args:
        payload: `{event, created_at, object}`, as decoded.
        server: the statuses that the same server has sent.
        received_at: time of receipt in ms; None for a file.

    """
    fields = Fields(payload)
    match fields.word("event"):
        case "report.created":
            try:
                return _report(fields, received_at)
            except FieldError as error:
                return Refused(error.reason, error.detail)
        case "status.created" | "status.updated" as name:
            return convert_status(
                fields.get("object"), server, received_at=received_at, is_edit=name == "status.updated"
            )
        case "":
            return Refused("wrong_type", "`event` is not the name of a webhook")
    return Skipped("other_webhook")


def _report(payload: Fields, received_at: int | None) -> Outcome:
    """Return a report for each reported status; a report of an account alone names no message.

    The server that sends the webhook stamps the report, so its time is used.
    """
    report = payload.within("object")
    number, at = report.need_id("id"), report.time("created_at") or payload.need_time("created_at")
    category = report.word("category") or "other"
    reporter = report.within("account")
    actor = actor_of(reporter.within("account")) or actor_of(reporter)
    statuses = list(report.objects("statuses"))
    events = [
        ForwardEvent(
            event_id=short_id(f"report/{number}/{status.need_id('uri')}", "object.id"),
            platform=MASTODON,
            kind=Kind.REPORT,
            created_at=at,
            observed_at=received_at,
            message_id=status.need_id("uri"),
            id_scope=IdScope.PLATFORM,
            actor=actor,
            report=Report(category[:_MAX_CATEGORY]),
            source=ORIGIN,
        )
        for status in statuses
        if is_public(status)
    ]
    if events:
        return Converted(tuple(events))
    return Skipped("not_public" if statuses else "no_status")


__all__ = ["convert_webhook"]
