"""Change one place of a JSON value: drop it, or put a value of another type there."""

from typing import Any

from hypothesis import strategies as st

DEEP: Any = []
for _ in range(500):
    DEEP = [DEEP]
ODD = (
    None,
    True,
    0,
    -1,
    3.5,
    10**30,
    "",
    "x",
    "12",
    "\ud800",
    "é" * 3,
    [],
    {},
    [None],
    [{"id": 1}],
    {"uri": 7},
    "y" * 70_000,
    DEEP,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += places(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


def _changed(value: Any, path: tuple[Any, ...], to: Any, *, drop: bool) -> Any:
    step, rest = path[0], path[1:]
    copy = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        copy[step] = _changed(value[step], rest, to, drop=drop)
    elif drop:
        del copy[step]
    else:
        copy[step] = to
    return copy


@st.composite
def mutations(draw: st.DrawFn, value: Any, most: int = 3) -> Any:
    """Draw a value with one to `most` places changed."""
    for _ in range(draw(st.integers(1, most))):
        found = places(value)
        if not found:
            break
        value = _changed(value, draw(st.sampled_from(found)), draw(st.sampled_from(ODD)), drop=draw(st.booleans()))
    return value
