"""The composition that one would write first: the same parts, one event at a time, nothing kept but what is needed.

It is the baseline of the throughput benchmark. Every choice is the usual one: `json.loads`, one call of the model for
each text, the cosine to every representative in turn, one networkx graph a cluster whose shape is computed anew after
each message, a count over a sliding window as the alert.
"""

import json
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from streams.embedders import EmbedderConfig, model_files
from streams.embedders.sentence_transformer import load_model

Vector = NDArray[np.float32]
Encode = Callable[[str], Vector]
SPREADING = ("post", "forward", "quote", "reply")


def sentence_transformer() -> Encode:
    """The packaged model through sentence-transformers, one text a call, unit vectors."""
    model = load_model(model_files.find(EmbedderConfig()))

    def encode(text: str) -> Vector:
        vector: Vector = model.encode(text, normalize_embeddings=True, show_progress_bar=False)
        return vector

    return encode


class Naive:
    """Clusters, draws graphs and alerts, event by event.

    Args:
        threshold: cosine from which a text joins a cluster.
        encode: gives a text's unit vector.
        window_ms: of the count that alerts.
        alert_at: shares in the window.
        remember: keep the vector of every text, the first thing one would add.
    """

    def __init__(
        self,
        threshold: float,
        encode: Encode | None = None,
        *,
        window_ms: int = 3_600_000,
        alert_at: int = 50,
        remember: bool = False,
    ) -> None:
        self.threshold = threshold
        self.encode = encode or sentence_transformer()
        self.window_ms = window_ms
        self.alert_at = alert_at
        self.representatives: list[tuple[str, Vector]] = []
        self.clusters: dict[str, str] = {}  # by event id
        self.of_message: dict[str, str] = {}
        self.graphs: dict[str, nx.DiGraph] = {}
        self.shapes: dict[str, tuple[int, int, float]] = {}
        self.recent: dict[str, deque[int]] = {}
        self.alerts: list[tuple[str, int]] = []
        self.refused = 0
        self._vectors: dict[str, Vector] | None = {} if remember else None

    def apply(self, raw_line: bytes) -> None:
        """One line of the stream."""
        try:
            event = json.loads(raw_line)
            if event["kind"] in SPREADING and event["event_id"] not in self.clusters:
                self._share(event)
        except (ValueError, KeyError, TypeError):
            self.refused += 1

    def _share(self, event: dict[str, Any]) -> None:
        cluster = self._cluster(event)
        self.clusters[event["event_id"]] = self.of_message[event["message_id"]] = cluster
        self._draw(cluster, event)
        self._alert(cluster, event["created_at"])

    def _cluster(self, event: dict[str, Any]) -> str:
        linked = self._linked(event)
        text = event.get("text", "")
        if not text:
            return linked or event["event_id"]
        vector = self._vector(text)
        if linked is not None:
            return linked
        best, nearest = "", -1.0
        for cluster, representative in self.representatives:
            cosine = float(np.dot(representative, vector))
            if cosine > nearest:
                best, nearest = cluster, cosine
        if nearest >= self.threshold:
            return best
        self.representatives.append((event["event_id"], vector))
        return str(event["event_id"])

    def _linked(self, event: dict[str, Any]) -> str | None:
        if event["kind"] == "reply":
            return None
        for reference in ("parent_ref", "root_ref"):
            found = self.of_message.get(event.get(reference, ""))
            if found is not None:
                return found
        return None

    def _vector(self, text: str) -> Vector:
        if self._vectors is None:
            return self.encode(text)
        if text not in self._vectors:
            self._vectors[text] = self.encode(text)
        return self._vectors[text]

    def _draw(self, cluster: str, event: dict[str, Any]) -> None:
        graph = self.graphs.setdefault(cluster, nx.DiGraph())
        first = next(iter(graph), None)
        parent = event.get("parent_ref") or event.get("root_ref") or first
        graph.add_node(event["message_id"])
        if parent is not None and parent != event["message_id"]:
            graph.add_edge(parent, event["message_id"])
        self.shapes[cluster] = shape(graph)

    def _alert(self, cluster: str, time: int) -> None:
        window = self.recent.setdefault(cluster, deque())
        window.append(time)
        while window[0] <= time - self.window_ms:
            window.popleft()
        if len(window) == self.alert_at:
            self.alerts.append((cluster, time))


def shape(graph: nx.DiGraph) -> tuple[int, int, float]:
    """Depth, greatest breadth and structural virality (mean distance over pairs; of the largest part, if in parts)."""
    levels: Counter[int] = Counter()
    for root in [node for node, degree in graph.in_degree() if degree == 0]:
        levels.update(nx.single_source_shortest_path_length(graph, root).values())
    depth, breadth = max(levels, default=0), max(levels.values(), default=0)
    whole = graph.to_undirected()
    largest = whole.subgraph(max(nx.connected_components(whole), key=len))
    return depth, breadth, nx.average_shortest_path_length(largest) if len(largest) > 1 else 0.0
