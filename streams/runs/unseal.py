"""Open the sealed payloads of rejected events with the key of the run."""

from collections.abc import Iterable, Iterator

from detectors.privacy.pseudonym import SealError
from schemas.rejection import Rejection
from streams.errors import UserError
from streams.settings.key import KEY_VARIABLE, Key


class UnsealError(UserError):
    """Payloads sealed with another key. The message names both keys."""


def payloads(rejections: Iterable[Rejection], key: Key) -> Iterator[dict[str, object]]:
    """Yield each rejected event with its payload as text; bytes outside UTF-8 become escapes.

    Raises:
        UnsealError: another key sealed a payload.

    """
    pseudonymiser = key.pseudonymiser()
    for rejection in rejections:
        payload = None
        if rejection.sealed:
            try:
                payload = pseudonymiser.open(rejection.sealed).decode("utf-8", "backslashreplace")
            except SealError:
                raise UnsealError(
                    f"cannot open a payload sealed with key {rejection.key_id!r} with key {key.id!r}; "
                    f"set {KEY_VARIABLE} or key.file to key {rejection.key_id!r}"
                ) from None
        yield {
            "source": rejection.position.source,
            "partition": rejection.position.partition,
            "offset": rejection.position.offset,
            "reason": rejection.reason.value,
            "size": rejection.size,
            "payload": payload,
        }
