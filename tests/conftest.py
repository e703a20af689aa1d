"""What every test may ask for by name, and how properties are tried.

Properties are tried on the same examples each time and without a time limit, so that a red run means a change and not
luck or a busy machine. `HYPOTHESIS_PROFILE=default pytest` looks elsewhere each time.
"""

import os

from hypothesis import settings

from tests.streams.devtools.broker.fixture import broker, own_broker

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

__all__ = ["broker", "own_broker"]
