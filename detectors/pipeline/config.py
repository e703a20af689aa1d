"""Every setting that can change an outcome, in one value with one digest."""

import hashlib

import msgspec

from detectors.alerting.evidence import EvidenceConfig
from detectors.alerting.policy import PolicyConfig
from detectors.clustering import ClusteringConfig
from detectors.growth import GrowthConfig
from detectors.ordering.config import OrderConfig
from detectors.pipeline.cascade_stats import CascadeConfig, CascadeSettings
from detectors.pipeline.intake import IntakeConfig
from detectors.spread.edges import EdgeConfig
from detectors.spread.graph import GraphConfig
from detectors.spread.recent_joins import WindowConfig
from detectors.spread.sharers import SharersConfig


class PipelineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One section per step, named for it."""

    intake: IntakeConfig = IntakeConfig()
    order: OrderConfig = OrderConfig()
    clustering: ClusteringConfig = ClusteringConfig()
    cascade: CascadeConfig = CascadeConfig()
    graph: GraphConfig = GraphConfig()
    edges: EdgeConfig = EdgeConfig()
    sharers: SharersConfig = SharersConfig()
    recent: WindowConfig = WindowConfig()
    growth: GrowthConfig = GrowthConfig()
    policy: PolicyConfig = PolicyConfig()
    evidence: EvidenceConfig = EvidenceConfig()

    def digest(self) -> str:
        """Thirty-two hexadecimal digits that differ when any setting does."""
        return hashlib.blake2b(msgspec.json.encode(self, order="sorted"), digest_size=16).hexdigest()

    def parts(self, *, tables: bool = True) -> CascadeSettings:
        """The sections that a cascade is made from; without `tables` it infers no edges for the analyst's."""
        return CascadeSettings(
            cascade=self.cascade,
            graph=self.graph,
            edges=self.edges if tables else None,
            sharers=self.sharers,
            recent=self.recent,
            growth=self.growth,
            policy=self.policy,
            evidence=self.evidence,
        )
