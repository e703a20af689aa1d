"""Opens the sealed payloads of refused events for whoever holds the run's key."""

from collections.abc import Iterable, Iterator

from detectors.privacy.pseudonym import SealError
from schemas.rejection import Rejection
from streams.errors import UserError
from streams.settings.key import KEY_VARIABLE, Key


class UnsealError(UserError):
    """Payloads of another key. The message says whose."""


def payloads(rejections: Iterable[Rejection], key: Key) -> Iterator[dict[str, object]]:
    """Each refused event with its payload as text; bytes that are no UTF-8 are written as escapes.

    Raises:
        UnsealError: the payloads were sealed with another key.

    """
    names = key.pseudonymiser()
    for rejection in rejections:
        payload = None
        if rejection.sealed:
            try:
                payload = names.open(rejection.sealed).decode("utf-8", "backslashreplace")
            except SealError:
                raise UnsealError(
                    f"payloads open with the key that sealed them; got key {key.id!r} for a payload of "
                    f"{rejection.key_id!r}; set that key with {KEY_VARIABLE} or key.file"
                ) from None
        yield {
            "source": rejection.position.source,
            "partition": rejection.position.partition,
            "offset": rejection.position.offset,
            "reason": rejection.reason.value,
            "size": rejection.size,
            "payload": payload,
        }
