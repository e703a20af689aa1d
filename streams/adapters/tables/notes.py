"""Collect remarks about a table until an outcome can carry them to the report, each once."""


class Notes:
    """Remarks that wait for the next outcome."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._waiting: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, note: str) -> None:
        """Add a remark, unless it was added before."""
        if note not in self._seen:
            self._seen.add(note)
            self._waiting.append(note)

    def take(self) -> tuple[str, ...]:
        """Return the remarks that wait, and forget them."""
        taken = tuple(self._waiting)
        self._waiting.clear()
        return taken


__all__ = ["Notes"]
