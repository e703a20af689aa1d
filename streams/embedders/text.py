"""Truncate and repair texts before tokenisation, in the same way for every runtime."""


def readable(text: str, max_chars: int) -> str:
    """Return the first `max_chars` code points, with U+FFFD in place of each half of a broken surrogate pair.

    A hostile text of a hundred kilobytes costs no more than a text of `max_chars`; a model's window is shorter anyway.
    """
    text = text[:max_chars]
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
