"""Keeps the living clusters: creates, counts, merges and evicts them.

Alerts carry cluster ids, so ids must survive merges: the cluster with the earlier first share keeps its id, and the id
of the absorbed cluster leads to the survivor.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from detectors.clustering.config import ClusteringConfig
from schemas.assignment import Frame


class Variety(msgspec.Struct, array_like=True):
    """The values of the latest shares with the words of a cluster, oldest first; empty for a share without one.

    Shares that their address or picture set apart have the words too.
    """

    addresses: list[str]
    media: list[str]
    numbers: list[str]
    shape: str  # the text of the first share with numbers, each number replaced
    frame: Frame | None = None


class Cluster(msgspec.Struct, array_like=True):
    """The facts about a cluster that clustering needs. The cascade itself is kept downstream."""

    id: str
    created: int  # event time of the first share
    last: int  # event time of the newest share
    shares: int
    grown: bool  # shared more than once, or known from a fact-check
    normal: str = ""  # normal text of the representative wording
    representatives: list[str] = []  # fingerprints of the wordings compared with novel texts
    absorbed: list[str] = []  # ids that lead to this cluster
    link_candidates: list[str] = []  # candidate duplicates of this cluster, most recent last
    candidate_epoch: int = 0  # `Clusters.candidate_epoch` after the newest of the candidates
    same_words: str = ""  # id of the cluster with the same words, if the address sets this cluster apart
    variety: Variety | None = None  # None while no short text of the cluster had an address, picture or number
    addresses: list[str] = []  # of the latest shares; empty while no short text had an address
    address: str = ""  # the most frequent of these, if most of these shares have one

    @property
    def frame(self) -> Frame | None:
        """The property by which the latest shares differ, if the cluster is a frame."""
        return None if self.variety is None else self.variety.frame

    @property
    def caption_of(self) -> str:
        """The key of the address that is the message of the cluster; empty for a frame or a message in words."""
        return self.address if self.variety is None or self.variety.frame is None else ""


class ClustersState(msgspec.Struct, array_like=True):
    """The living clusters, each queue least recently shared first."""

    single: list[Cluster]
    grown: list[Cluster]
    now: int
    check_at: int
    candidate_epoch: int = 0


def cluster_id(realm: str, event_id: str) -> str:
    """Return the id of a cluster created by an event: 32 hexadecimal digits, equal in every replay."""
    data = f"{realm}\0{event_id}".encode()
    return hashlib.blake2b(data, digest_size=16, person=b"hearsay:cluster").hexdigest()


class Clusters:
    """The living clusters in two queues, each least recently shared first.

    One queue holds clusters with one share, the other holds clusters that grew. A full memory evicts from the queue of
    single shares while the queue fills a quarter of the room, so a flood of novel texts displaces itself and not the
    rumours.
    """

    def __init__(self, config: ClusteringConfig) -> None:
        self._config = config
        self._alive: dict[str, Cluster] = {}
        self._survivors: dict[str, str] = {}  # absorbed id -> surviving id
        self._single: OrderedDict[str, None] = OrderedDict()
        self._grown: OrderedDict[str, None] = OrderedDict()
        self._now = 0
        self.check_at = 0
        self.candidate_epoch = 0  # number of link candidates so far

    def __len__(self) -> int:
        return len(self._alive)

    def __iter__(self) -> Iterator[Cluster]:
        return iter(self._alive.values())

    def get(self, id_: str) -> Cluster | None:
        """Return the living cluster with an id or a former id, or None."""
        alive = self._alive
        if id_ in alive:
            return alive[id_]
        return alive[self._survivors[id_]] if id_ in self._survivors else None

    def resolve(self, id_: str) -> str:
        """Return the surviving id of a merged cluster; any other id is returned unchanged."""
        return self._survivors.get(id_, id_)

    def create(self, event_id: str, time: int, *, shared: bool) -> tuple[Cluster, list[Cluster]]:
        """Create a cluster; also return the clusters evicted to make room."""
        evicted = []
        if len(self._alive) >= self._config.max_clusters:
            evicted.append(self._evict_for_room())
        cluster = Cluster(
            cluster_id(self._config.realm, event_id), time, time, int(shared), not shared, "", [], [], [], 0
        )
        self._alive[cluster.id] = cluster
        (self._single if shared else self._grown)[cluster.id] = None
        return cluster, evicted

    def touch(self, cluster: Cluster, time: int) -> None:
        """Count a share."""
        cluster.shares += 1
        if time > cluster.last:  # noqa: PLR1730 - once for every share: a call of `max` costs four times as much
            cluster.last = time
        if cluster.grown:
            self._grown.move_to_end(cluster.id)
        else:
            cluster.grown = True
            del self._single[cluster.id]
            self._grown[cluster.id] = None

    def link_candidate(self, a: Cluster, b: Cluster) -> None:
        """Record two clusters with similar texts as a candidate pair: a later text may prove them to be one."""
        self.candidate_epoch += 1
        self._add_candidates(a, [b.id], self.candidate_epoch)
        self._add_candidates(b, [a.id], self.candidate_epoch)

    def link_candidates(self, cluster: Cluster) -> Iterator[Cluster]:
        """Yield the living candidate duplicates of a cluster."""
        for id_ in cluster.link_candidates:
            other = self.get(id_)
            if other is not None and other is not cluster:
                yield other

    def merge(self, a: Cluster, b: Cluster) -> tuple[Cluster, Cluster]:
        """Merge two clusters and return (survivor, absorbed). The caller moves the absorbed index entries."""
        survivor, absorbed = sorted((a, b), key=lambda cluster: (cluster.created, cluster.id))
        larger = max(survivor, absorbed, key=lambda cluster: cluster.shares)
        survivor.variety, survivor.addresses, survivor.address = larger.variety, larger.addresses, larger.address
        survivor.last = max(survivor.last, absorbed.last)
        survivor.shares += absorbed.shares
        survivor.normal = survivor.normal or absorbed.normal
        self._remove(absorbed)
        self._single.pop(survivor.id, None)
        survivor.grown = True
        self._grown[survivor.id] = None
        self._grown.move_to_end(survivor.id)
        self._redirect([*absorbed.absorbed, absorbed.id], survivor)
        self._add_candidates(survivor, absorbed.link_candidates, absorbed.candidate_epoch)
        return survivor, absorbed

    def expire(self, time: int) -> list[Cluster]:
        """Evict and return the clusters without a share in the retention time; none expires before `check_at`."""
        self._now = max(self._now, time)
        expired = [*self._expired(self._single), *self._expired(self._grown)]
        fronts = [self._alive[next(iter(queue))].last for queue in (self._single, self._grown) if queue]
        self.check_at = min(fronts, default=self._now) + self._config.retention_ms + 1
        return expired

    def snapshot(self) -> ClustersState:
        """Return the state."""
        single = [self._alive[id_] for id_ in self._single]
        grown = [self._alive[id_] for id_ in self._grown]
        return ClustersState(single, grown, self._now, self.check_at, self.candidate_epoch)

    def restore(self, state: ClustersState) -> None:
        """Continue from a snapshot."""
        clusters = [*state.single, *state.grown]
        self._alive = {cluster.id: cluster for cluster in clusters}
        self._survivors = {former: cluster.id for cluster in clusters for former in cluster.absorbed}
        self._single = OrderedDict.fromkeys(cluster.id for cluster in state.single)
        self._grown = OrderedDict.fromkeys(cluster.id for cluster in state.grown)
        self._now, self.check_at, self.candidate_epoch = state.now, state.check_at, state.candidate_epoch

    def _expired(self, queue: OrderedDict[str, None]) -> Iterator[Cluster]:
        oldest = self._now - self._config.retention_ms
        while queue and self._alive[next(iter(queue))].last < oldest:
            yield self._evict(queue)

    def _evict_for_room(self) -> Cluster:
        crowded = len(self._single) * 4 >= self._config.max_clusters
        return self._evict(self._single if crowded or not self._grown else self._grown)

    def _evict(self, queue: OrderedDict[str, None]) -> Cluster:
        cluster = self._alive[next(iter(queue))]
        self._remove(cluster)
        for former in cluster.absorbed:
            del self._survivors[former]
        return cluster

    def _remove(self, cluster: Cluster) -> None:
        del self._alive[cluster.id]
        del (self._grown if cluster.grown else self._single)[cluster.id]

    def _add_candidates(self, cluster: Cluster, ids: list[str], epoch: int) -> None:
        cluster.candidate_epoch = max(cluster.candidate_epoch, epoch)
        older = [id_ for id_ in cluster.link_candidates if id_ not in ids]
        cluster.link_candidates = [*older, *ids][-self._config.max_link_candidates :]

    def _redirect(self, former: list[str], survivor: Cluster) -> None:
        for id_ in former:
            self._survivors[id_] = survivor.id
        survivor.absorbed.extend(former)
        while len(survivor.absorbed) > self._config.max_former_ids:
            del self._survivors[survivor.absorbed.pop(0)]
