"""Leave out small groups, whose members could be identified, and any count that would reveal a small group."""

Groups = tuple[tuple[str, int], ...]
"""Named counts, as (name, count)."""


def without_small(groups: Groups, least: int) -> Groups:
    """Leave out groups of fewer than `least`, and the next larger groups while the total would reveal the hidden count.

    >>> without_small((("telegram", 45), ("whatsapp", 7), ("x", 3)), 5)
    (('telegram', 45),)
    """
    shown = sorted((group for group in groups if group[1] >= least), key=lambda group: (group[1], group[0]))
    hidden = sum(size for _, size in groups) - sum(size for _, size in shown)
    while shown and 0 < hidden < least:
        hidden += shown.pop(0)[1]
    return tuple(sorted(shown))
