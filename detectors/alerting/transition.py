"""Define `Transition`: a change of a cascade's state that triggers a notification.

The policy decides the transition and `sentences` describes it; neither module imports the other.
"""

import msgspec

from schemas.alert import Lifecycle


class Transition(msgspec.Struct, frozen=True):
    """Event of a cascade, and its time. The state, level, episode and number of a cascade's transitions are unique.

    Attributes:
        state: the event.
        level: the announced level, 1 to 3; 0 if no growth level is active.
        time: event time, ms.
        episode: 0, then one more each time the cascade comes back.
        number: MILESTONE: the multiple of the target size; EVIDENCE: the number of known pieces; otherwise 0.

    """

    state: Lifecycle
    level: int
    time: int
    episode: int
    number: int = 0
