"""Turn raw bytes into a sighting without personal data, or into a rejection that names the violated rule.

No value that could name a person leaves intake: identifiers become keyed digests, texts are masked, and a rejected
payload is sealed. Intake also decides each event's time, on which every detector runs.
"""

import hashlib
import re
from functools import lru_cache, partial

from detectors.ordering.config import OrderConfig
from detectors.ordering.event_time import PartitionTime, Stamps
from detectors.privacy.digests import EventDigests, digests_of
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.privacy.redact import redact
from detectors.privacy.rejections import build_rejection, seal_payload
from detectors.reading.config import IntakeConfig
from detectors.reading.event_reader import read_event, read_names
from detectors.reading.profile import InputProfile
from detectors.reading.rules import InvalidEventError
from detectors.text.fingerprint import fingerprint
from detectors.text.mojibake import mend
from detectors.text.normalise import count_words, read_words
from detectors.text.url_finder import find_urls
from detectors.text.urls import AccountDigest, canonical
from schemas.event import ForwardEvent
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position, Sighting, TextContent

DROPPED_FIELDS = {
    "source": "identifies the adapter and its cursor; an adapter debugs with it, no detector reads it",
    "id_scope": "decides the scope of the digests, and is complete with them",
    "root_chat": "part of the digest of root_ref",
    "parent_chat": "part of the digest of parent_ref",
}
"""Fields of `ForwardEvent` that reach no field of `Sighting`, each with the reason."""

_is_digest = re.compile(r"[0-9a-f]{16,64}").fullmatch
_FREQUENT_HOPS = 5  # WhatsApp's definition of "frequently forwarded": five hops or more


class Intake:
    """Validates, pseudonymises, normalises and fingerprints one event at a time.

    An event costs about ten microseconds if the normal form of its text is cached; memory is bounded by
    `cached_texts`. The state is the event time of each source partition.
    """

    def __init__(self, config: IntakeConfig, order: OrderConfig, pseudonymiser: Pseudonymiser) -> None:
        self._config = config
        self._order = order
        self._pseudonymiser = pseudonymiser
        self._keys = frozenset((*config.accepted_keys, pseudonymiser.key_id))
        self._content = lru_cache(maxsize=config.cached_texts)(partial(read_content, account=pseudonymiser.account))
        self._times: dict[int, PartitionTime] = {}
        self.profile = InputProfile()  # a report, not state: counts since the start of the process

    def update(self, raw: bytes, position: Position, recorded_at: int | None = None) -> Sighting | Rejection:
        """Return the sighting or the rejection of an event. Never raises on input.

        Args:
            raw: one JSON object.
            position: of the event in its source.
            recorded_at: timestamp of the record on its topic, in ms since 1970; the witness of an event without
                `observed_at`.
        """
        try:
            event, repairs = read_event(raw, self._config)
            sighting = self._sighting(event, position.partition, recorded_at)
        except InvalidEventError as error:
            return self.reject(raw, position, error.reason, error.detail)
        self.profile.add(event, sighting, repairs)
        if self.profile.wants_names(event):
            self.profile.add_names(event, read_names(raw))
        return sighting

    def reject(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """Build the rejection of a payload, with the sealed bytes up to `max_sealed_bytes`."""
        payload = seal_payload(raw, self._pseudonymiser, self._config.max_sealed_bytes)
        return build_rejection(reason, detail, position, payload)

    def set_progress(self, partition: int, time: int) -> None:
        """Set the event-time progress of a partition in ms, after a restart without a snapshot."""
        self._times[partition] = PartitionTime(self._order, time)

    def snapshot(self) -> dict[int, bytes]:
        """Return the state of each partition's event time."""
        return {partition: times.snapshot() for partition, times in sorted(self._times.items())}

    def restore(self, state: dict[int, bytes]) -> None:
        """Continue from a snapshot made with the same settings.

        Raises:
            SnapshotError: an entry is not the event time of a partition, or has another version.
        """
        self._times = {}
        for partition, data in state.items():
            self._times[partition] = PartitionTime(self._order)
            self._times[partition].restore(data)

    def _sighting(self, event: ForwardEvent, partition: int, recorded_at: int | None) -> Sighting:
        """Build the sighting field by field: building from a mapping of names takes half as long again (measured)."""
        digests = digests_of(event, self._pseudonymiser) if event.key_id is None else self._given_digests(event)
        times = self._times.get(partition)
        if times is None:
            times = self._times[partition] = PartitionTime(self._order)
        sender = digests.actor or digests.chat or digests.message or digests.event
        stamps = Stamps(event.created_at, event.claimed_at, event.observed_at, recorded_at)
        decided = times.update(stamps, event.platform, sender, digests.chat or sender)
        frequent = event.frequently_forwarded or False
        return Sighting(
            event_id=digests.event,
            platform=event.platform,
            kind=event.kind,
            time=decided.time,
            key_id=event.key_id or self._pseudonymiser.key_id,
            content=self._content(event.text, event.urls),
            message=digests.message,
            group=digests.group,
            root=digests.root,
            parent=digests.parent,
            parent_evidence=event.parent_evidence,
            hops_min=max(event.hops_min, _FREQUENT_HOPS) if frequent else event.hops_min,
            hops_max=event.hops_max,
            frequently_forwarded=frequent,
            actor=digests.actor,
            chat=digests.chat,
            chat_size=event.chat_size,
            followers=event.followers,
            lang=event.lang,
            media=event.media,
            counters=event.counters,
            account_status=event.account_status,
            report=event.report,
            debunk=event.debunk,
            partition=partition,
            progress=decided.progress,
            replaced=decided.replaced,
            catching_up=decided.catching_up,
            witnessed=decided.witnessed,
        )

    def _given_digests(self, event: ForwardEvent) -> EventDigests:
        """Check the digests made by the adapter."""
        if event.key_id not in self._keys:
            raise InvalidEventError(
                Reason.UNKNOWN_KEY,
                "`$.key_id` is neither the deployment's key nor listed in intake.accepted_keys; add the key's id there",
            )
        given = EventDigests(
            event.event_id,
            event.message_id,
            event.root_ref,
            event.parent_ref,
            event.actor,
            event.chat,
            event.group_id,
        )
        names = ("event_id", "message_id", "root_ref", "parent_ref", "actor", "chat", "group_id")
        for name, value in zip(names, given, strict=True):
            if value is not None and not _is_digest(value):
                raise InvalidEventError(
                    Reason.OUT_OF_RANGE,
                    f"`$.{name}` is not a digest of 16 to 64 hexadecimal digits, which an event with key_id requires",
                )
        return given


def read_content(text: str, urls: tuple[str, ...], account: AccountDigest | None = None) -> TextContent:
    """Prepare a message for people (masked) and for matching (normal form, fingerprint, canonical URLs).

    `account` makes the keyed digests of accounts in addresses; see `canonical`.
    """
    shown = redact(text)
    found = {address: None for url in (*find_urls(text), *urls) if (address := canonical(url, account))}
    mended = mend(shown)  # a repaired encoding may show a number for the first time, and `normal` is published
    normal, boilerplate = read_words(shown if mended == shown else redact(mended), has_address=bool(found))
    return TextContent(
        text=shown,
        normal=normal,
        fingerprint=fingerprint(normal),
        sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if text else "",
        words=count_words(normal),
        urls=tuple(found),
        boilerplate=boilerplate,
    )
