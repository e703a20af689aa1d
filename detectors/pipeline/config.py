"""All settings that can change an alert, as one value with one digest."""

import hashlib

import msgspec

from detectors.alerting.config import EvidenceConfig, PolicyConfig
from detectors.base_config import BaseConfig
from detectors.clustering import ClusteringConfig
from detectors.growth import GrowthConfig
from detectors.growth.counters import CounterConfig
from detectors.ordering.config import OrderConfig
from detectors.pipeline.cascade_stats import CascadeConfig, CascadeSettings
from detectors.reading.config import IntakeConfig
from detectors.spread.edges import EdgeConfig
from detectors.spread.graph import GraphConfig
from detectors.spread.recent_joins import WindowConfig
from detectors.spread.sharers import SharersConfig


class PipelineConfig(BaseConfig, frozen=True, kw_only=True):
    """All settings that can change an alert, a section per step."""

    intake: IntakeConfig = IntakeConfig()
    order: OrderConfig = OrderConfig()
    clustering: ClusteringConfig = ClusteringConfig()
    cascade: CascadeConfig = CascadeConfig()
    graph: GraphConfig = GraphConfig()
    edges: EdgeConfig = EdgeConfig()
    sharers: SharersConfig = SharersConfig()
    recent: WindowConfig = WindowConfig()
    growth: GrowthConfig = GrowthConfig()
    counters: CounterConfig = CounterConfig()
    policy: PolicyConfig = PolicyConfig()
    evidence: EvidenceConfig = EvidenceConfig()

    def digest(self) -> str:
        """Return 32 hexadecimal digits that differ whenever a setting differs."""
        return hashlib.blake2b(msgspec.json.encode(self, order="sorted"), digest_size=16).hexdigest()

    def cascade_settings(self, *, infer_edges: bool = True) -> CascadeSettings:
        """Return the sections that build a cascade; only the analyst's tables need inferred edges."""
        return CascadeSettings(
            cascade=self.cascade,
            graph=self.graph,
            edges=self.edges if infer_edges else None,
            sharers=self.sharers,
            recent=self.recent,
            growth=self.growth,
            counters=self.counters,
            policy=self.policy,
        )
