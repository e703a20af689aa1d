"""Read WhatsApp: exports of chats from phones, and webhooks of the Business Cloud API."""

from streams.adapters.base import Capabilities, Format
from streams.adapters.platforms import WHATSAPP, WHATSAPP_TIPLINE
from streams.adapters.whatsapp import chat_export, webhook

FORMATS: tuple[Format, ...] = (
    Format(
        name=chat_export.NAME,
        title="a WhatsApp chat export (.txt or .zip)",
        platforms=(WHATSAPP,),
        capabilities=Capabilities(
            people="names in the exporter's contacts, or numbers",
            parents="none",
            hops="none: an export has no forwarded marks",
            counters="none",
            times="the phone's local time, to the minute (Android) or the second (iOS)",
        ),
        recognises=chat_export.recognises,
        read=chat_export.read,
        needs=("zone",),
    ),
    Format(
        name=webhook.NAME,
        title="webhooks of the WhatsApp Business Cloud API (JSON)",
        platforms=(WHATSAPP, WHATSAPP_TIPLINE),
        capabilities=Capabilities(
            people="phone numbers, or ids of users",
            parents="none",
            hops="at least 1 (forwarded) or 5 (frequently forwarded)",
            counters="none",
            times="the platform's, to the second",
        ),
        recognises=webhook.recognises,
        read=webhook.read,
        needs=(),
    ),
)
"""The formats of WhatsApp."""

__all__ = ["FORMATS"]
