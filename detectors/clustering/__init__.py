"""Near-duplicate texts become one rumour cluster, whatever way they are recognised by."""

from detectors.clustering.clustering import Clustering
from detectors.clustering.config import ClusteringConfig

__all__ = ["Clustering", "ClusteringConfig"]
