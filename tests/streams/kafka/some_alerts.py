"""Alerts for tests: the one on file, told of other clusters."""

import hashlib
from pathlib import Path

import msgspec

from schemas.alert import Alert

ONE = msgspec.json.decode(
    (Path(__file__).parents[2] / "schemas" / "fixtures" / "v1" / "alert-opened.json").read_bytes(), type=Alert
)


def digest(name):
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def alert(number, cluster="a", aliases=(), **more):
    """Alert number so-and-so, of a cluster."""
    return msgspec.structs.replace(
        ONE,
        alert_id=digest(f"alert {number}"),
        cluster_id=digest(cluster),
        aliases=tuple(map(digest, aliases)),
        headline=f"Headline {number}",
        **more,
    )


def encoded(*alerts):
    return [msgspec.json.encode(one) for one in alerts]
