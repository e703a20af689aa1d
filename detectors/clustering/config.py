"""Thresholds and bounds of clustering, each in one place with its unit.

Defaults of the thresholds were measured on mutated and on real messages; see docs/detectors/clustering.md.
"""

import msgspec

from detectors.similarity.sketch import SketchConfig
from detectors.text.scripts import ScriptShare


class ClusteringConfig(msgspec.Struct, frozen=True, kw_only=True):
    """When two texts are one rumour, and how much is remembered. Similarities are from 0 to 1, times milliseconds."""

    realm: str = "default"  # part of every cluster's id: two realms never share one
    sketch: SketchConfig = SketchConfig(max_entries=200_000)  # two for each cluster
    lexical: float = 0.60  # Jaccard similarity of shingles from which two texts are one
    match: float = 0.82  # cosine of embeddings from which two texts are one
    suggest: float = 0.75  # cosine from which an equal address or picture makes them one, and a person should look
    model_scripts: tuple[str, ...] = ("Latin",)  # what the model was trained to read, by Unicode's script names
    min_lexical_read: float = 0.20  # Jaccard similarity of shingles below which no cosine counts
    min_lexical_unread: float = 0.40  # the same for texts in other scripts
    bridge_lexical: float = 0.50  # Jaccard similarity of shingles from which a text near to two clusters merges them
    min_words: int = 4  # a text of fewer words is never matched by its words
    short_text_words: int = 7  # a text of up to this many words must be nearer than others
    short_text_margin: float = 0.05  # by how much
    pdq_distance: int = 31  # of 256 bits, within which two pictures are one
    pdq_quality: int = 50  # below which a picture's hash says nothing
    candidates: int = 8  # neighbours looked at for a novel text
    embed_batch: int = 32  # texts embedded at once, where it is known which come next
    retention_ms: int = 3_196_800_000  # 37 days: 7 until a cluster closes, 30 in which it may come back
    max_clusters: int = 100_000  # alive at once; those shared once go first
    max_representatives: int = 8  # wordings of a cluster that novel texts are compared with
    max_link_candidates: int = 8  # clusters near to one that are known to it, the last met
    max_aliases: int = 2_000_000  # known wordings
    max_messages: int = 2_000_000  # messages whose cluster is known
    max_shared_keys: int = 500_000  # addresses and pictures
    max_pictures: int = 4_096  # perceptual hashes compared with a new one
    max_actors: int = 500_000  # senders whose chats and clusters are known
    chats_per_actor: int = 16  # the last ones
    clusters_per_actor: int = 64  # the last ones, for when the account is taken down
    clusters_per_shared_key: int = 8  # clusters that one address or picture is known from
    shared_keys_per_share: int = 16  # addresses, and pictures, of one message that are looked at
    max_absorbed: int = 1_024  # former ids of a merged cluster
    exact_until: int = 8_192  # vectors up to which neighbours are found exactly

    def __post_init__(self) -> None:
        """Refuse what could never match, or would match everything."""
        for name in ("lexical", "match", "suggest"):
            value = getattr(self, name)
            _require(0.0 < value <= 1.0, name, "must be above 0 and at most 1", value, "leave it out")
        floor = self.sketch.match
        _require(self.lexical >= floor, "lexical", f"must be at least sketch.match ({floor})", self.lexical, "raise it")
        for name in ("min_lexical_read", "min_lexical_unread", "bridge_lexical"):
            value = getattr(self, name)
            _require(0.0 <= value <= 1.0, name, "must be from 0 to 1", value, "use 0 to let the model decide alone")
        ScriptShare(self.model_scripts)
        _require(
            self.suggest <= self.match, "suggest", f"must not exceed match ({self.match})", self.suggest, "lower it"
        )
        _require(
            0.0 <= self.short_text_margin < 1.0,
            "short_text_margin",
            "must be from 0 to below 1",
            self.short_text_margin,
            "use 0 for none",
        )
        _require(0 <= self.pdq_distance <= 128, "pdq_distance", "must be from 0 to 128", self.pdq_distance, "use 31")
        _require(0 <= self.pdq_quality <= 100, "pdq_quality", "must be from 0 to 100", self.pdq_quality, "use 50")
        _require(bool(self.realm), "realm", "must not be empty", self.realm, 'use "default"')
        for name in _POSITIVE:
            _require(getattr(self, name) >= 1, name, "must be positive", getattr(self, name), "leave it out")


_POSITIVE = (
    "min_words",
    "candidates",
    "embed_batch",
    "retention_ms",
    "max_clusters",
    "max_representatives",
    "max_link_candidates",
    "max_aliases",
    "max_messages",
    "max_shared_keys",
    "max_pictures",
    "max_actors",
    "chats_per_actor",
    "clusters_per_actor",
    "clusters_per_shared_key",
    "shared_keys_per_share",
    "max_absorbed",
    "exact_until",
)


def _require(holds: bool, name: str, rule: str, value: object, advice: str) -> None:
    if not holds:
        raise ValueError(f"clustering.{name} {rule}; got {value!r}; {advice}")
