"""`Transition`: a change of a cascade's state that is worth a notification.

The policy decides it and the evidence words it; neither knows the other.
"""

import msgspec

from schemas.alert import Lifecycle


class Transition(msgspec.Struct, frozen=True):
    """What to say, and when. No two transitions of one cascade are equal in all of state, level, episode and number.

    Attributes:
        state: what happened.
        level: the level that is announced, 1 to 3; 0 where no growth level stands.
        time: event time, ms.
        episode: 0, then one more each time the cascade comes back.
        number: MILESTONE: which multiple of q; EVIDENCE: how many pieces are known; otherwise 0.

    """

    state: Lifecycle
    level: int
    time: int
    episode: int
    number: int = 0
