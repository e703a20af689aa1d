"""Thresholds and bounds of clustering, each in one place with its unit.

Defaults of the thresholds were measured on mutated and on real messages; see docs/detectors/clustering.md.
"""

from typing import Annotated

from msgspec import Meta

from detectors.base_config import BaseConfig
from detectors.similarity.sketch import SketchConfig
from detectors.text.scripts import ScriptShare


class ClusteringConfig(BaseConfig, frozen=True, kw_only=True):
    """Thresholds above which texts share a cluster, and bounds on memory. Similarities are from 0 to 1."""

    realm: Annotated[
        str, Meta(min_length=1, description="Name space of cluster ids; clusters of two realms never share an id.")
    ] = "default"
    sketch: SketchConfig = SketchConfig(max_entries=200_000)  # two for each cluster
    lexical_threshold: Annotated[
        float, Meta(gt=0, le=1, description="Jaccard similarity of shingles from which two texts share a cluster.")
    ] = 0.60
    embedding_threshold: Annotated[
        float, Meta(gt=0, le=1, description="Cosine of embeddings from which two texts share a cluster.")
    ] = 0.79
    suggestion_threshold: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="Cosine from which texts with a URL or picture in common share a cluster, marked for review.",
        ),
    ] = 0.75
    model_scripts: Annotated[
        tuple[str, ...], Meta(description="Unicode names of the scripts that the embedding model was trained to read.")
    ] = ("Latin",)
    min_lexical_read: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Jaccard similarity below which a cosine is ignored, for texts in a script the model reads; "
            "0 lets the model decide alone.",
        ),
    ] = 0.24
    min_lexical_unread: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Jaccard similarity below which a cosine is ignored, for texts in any other script; "
            "0 lets the model decide alone.",
        ),
    ] = 0.35
    min_lexical_sharing: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Lower bound in place of `min_lexical_read` where the texts share a URL or a picture; has no "
            "effect above `min_lexical_read`, nor on texts in other scripts.",
        ),
    ] = 0.15
    bridge_threshold: Annotated[
        float,
        Meta(ge=0, le=1, description="Jaccard similarity from which a text that matches two clusters merges the two."),
    ] = 0.50
    min_words: Annotated[int, Meta(ge=1, description="A text of fewer words is never matched by its wording.")] = 4
    short_text_words: Annotated[
        int, Meta(ge=0, description="A text of at most this many words counts as short and needs a higher similarity.")
    ] = 7
    short_text_margin: Annotated[
        float, Meta(ge=0, lt=1, description="Added to each similarity threshold for short texts; 0 adds nothing.")
    ] = 0.05
    caption_words: Annotated[
        int,
        Meta(
            ge=0,
            description="A text of at most this many words may be a caption or a frame, whose message is the address, "
            "the picture or the numbers; 0 for none.",
        ),
    ] = 16
    frame_distinct: Annotated[
        int,
        Meta(
            ge=2,
            description="Shares of a short text with an address, picture or number of their own from which the text is "
            "a frame.",
        ),
    ] = 5
    frame_share: Annotated[
        float,
        Meta(gt=0, le=1, description="Part of the latest shares that need an own value for a frame; half to remain."),
    ] = 0.6
    frame_window: Annotated[
        int, Meta(ge=5, description="Latest shares of a cluster whose addresses, pictures and numbers are compared.")
    ] = 64
    pdq_distance: Annotated[
        int, Meta(ge=0, le=128, description="Differing bits, of 256, up to which two PDQ picture hashes match.")
    ] = 8
    pdq_quality: Annotated[
        int, Meta(ge=0, le=100, description="PDQ quality, 0 to 100, below which a picture's hash is ignored.")
    ] = 50
    max_candidates: Annotated[
        int, Meta(ge=1, description="Nearest neighbours examined for a text with a new wording.")
    ] = 8
    embed_batch: Annotated[
        int, Meta(ge=1, description="Texts embedded in one call when the next texts are already known.")
    ] = 32
    retention_ms: Annotated[
        int,
        Meta(
            ge=1,
            description="Silence after which a cluster is forgotten; the default is 7 days until its cascade closes "
            "plus 30 days in which the cascade may resurface.",
        ),
    ] = 3_196_800_000
    max_clusters: Annotated[
        int, Meta(ge=1, description="Clusters kept at most; clusters with a single share are evicted first.")
    ] = 100_000
    max_representatives: Annotated[
        int, Meta(ge=1, description="Wordings of one cluster that a new text is compared with at most.")
    ] = 8
    max_link_candidates: Annotated[
        int, Meta(ge=1, description="Similar clusters remembered for each cluster at most, the latest ones.")
    ] = 8
    max_wordings: Annotated[
        int, Meta(ge=1, description="Distinct wordings remembered with their cluster at most, over all clusters.")
    ] = 2_000_000
    max_messages: Annotated[
        int, Meta(ge=1, description="Messages remembered with their cluster at most, over all clusters.")
    ] = 2_000_000
    max_shared_keys: Annotated[
        int, Meta(ge=1, description="URLs and media hashes remembered with their clusters at most.")
    ] = 500_000
    max_pictures: Annotated[
        int, Meta(ge=1, description="Latest PDQ picture hashes that a new picture is compared with.")
    ] = 4_096
    max_message_texts: Annotated[
        int, Meta(ge=1, description="Latest messages whose text is remembered, to recognise an edit.")
    ] = 500_000
    album_ms: Annotated[
        int,
        Meta(
            ge=0,
            description="Time within which pictures of one sender in one chat, one of them with words, are one post; 0 "
            "recognises only albums with an id.",
        ),
    ] = 2_000
    max_albums: Annotated[
        int, Meta(ge=1, description="Latest posts with pictures, and parts of posts, remembered at most.")
    ] = 100_000
    max_actors: Annotated[int, Meta(ge=1, description="Senders remembered with their chats and clusters at most.")] = (
        500_000
    )
    chats_per_actor: Annotated[int, Meta(ge=1, description="Latest chats remembered for each sender.")] = 16
    clusters_per_actor: Annotated[
        int,
        Meta(
            ge=1,
            description="Latest clusters remembered for each sender, to remove a sender's shares when the account "
            "is taken down.",
        ),
    ] = 64
    clusters_per_shared_key: Annotated[
        int, Meta(ge=1, description="Clusters remembered for each URL or media hash at most.")
    ] = 8
    shared_keys_per_share: Annotated[
        int, Meta(ge=1, description="URLs, and separately media hashes, of one message that are looked up at most.")
    ] = 16
    max_former_ids: Annotated[
        int, Meta(ge=1, description="Former ids of a merged cluster that the cluster keeps at most.")
    ] = 1_024
    exact_until: Annotated[
        int, Meta(ge=1, description="Vectors up to which the neighbour search is exact; beyond, it is approximate.")
    ] = 8_192

    def __post_init__(self) -> None:
        """Check the order of the thresholds, and the names of the scripts."""
        super().__post_init__()
        if self.lexical_threshold < self.sketch.threshold:
            raise ValueError(
                f"clustering.lexical_threshold is {self.lexical_threshold}, below clustering.sketch.threshold "
                f"({self.sketch.threshold}), so pairs between the two would never be found; raise the first or lower "
                "the second"
            )
        if self.suggestion_threshold > self.embedding_threshold:
            raise ValueError(
                f"clustering.suggestion_threshold is {self.suggestion_threshold}, above "
                f"clustering.embedding_threshold ({self.embedding_threshold}); lower the first or raise the second"
            )
        try:
            ScriptShare(self.model_scripts)
        except ValueError as error:
            raise ValueError(f"clustering.model_scripts: {error}") from None
