"""Near-duplicate texts become one rumour cluster, whatever way they are recognised by."""

from detectors.clustering.config import ClusteringConfig
from detectors.clustering.ladder import Clustering

__all__ = ["Clustering", "ClusteringConfig"]
