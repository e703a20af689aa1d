"""Groups near-duplicate texts into rumour clusters: by link, by words, by meaning, by address or picture."""

from detectors.clustering.clustering import Clustering
from detectors.clustering.config import ClusteringConfig

__all__ = ["Clustering", "ClusteringConfig"]
