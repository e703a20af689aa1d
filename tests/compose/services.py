"""What the services of docker-compose.yml run: their commands and environments.

With these the same commands can be run and tested on a machine without containers.
"""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"].startswith("hearsay:")}


def argv(name):
    """A service's command line; where nothing replaces it the image's entry point is `hearsay`."""
    service = OURS[name]
    return [*service.get("entrypoint", ["hearsay"]), *service["command"]]


def environment(name, **given):
    """A service's environment as compose would give it, with its variables from `given` or their defaults."""
    return {
        key: re.sub(r"\$\{(\w+):-(.*?)\}", lambda found: given.get(found[1]) or found[2], value)
        for key, value in OURS[name]["environment"].items()
    }
