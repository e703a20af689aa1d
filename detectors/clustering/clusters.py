"""Which clusters exist: founded, shared, merged under one id that stays, evicted when nobody shares them any more.

Ids must outlive merges, because alerts carry them: the earlier founded survives, and the other's id leads to it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from detectors.clustering.config import ClusteringConfig


class Cluster(msgspec.Struct, array_like=True):
    """What the ladder must know of a cluster. The cascade itself is kept downstream."""

    id: str
    founded: int  # event time of the founding share
    last: int  # event time of the newest share
    shares: int
    grown: bool  # shared more than once, or known from a fact-check
    normal: str = ""  # of the text that represents it
    representatives: list[str] = []  # fingerprints of the wordings that novel texts are compared with
    absorbed: list[str] = []  # ids that lead here
    akin: list[str] = []  # clusters with a text near to one of its own, last met last
    met: int = 0  # how many meetings of clusters there had been after its last


class ClustersState(msgspec.Struct, array_like=True):
    """The living clusters, each queue least recently shared first."""

    single: list[Cluster]
    grown: list[Cluster]
    now: int
    check_at: int
    meetings: int = 0


def cluster_id(realm: str, event_id: str) -> str:
    """Thirty-two hexadecimal digits that a replay reproduces."""
    data = f"{realm}\0{event_id}".encode()
    return hashlib.blake2b(data, digest_size=16, person=b"hearsay:cluster").hexdigest()


class Clusters:
    """The living clusters, least recently shared first, in two queues.

    One queue holds those shared once, the other those that grew. Where there is no room, a cluster shared once goes
    first as long as they fill a quarter of the room: a flood of novel texts displaces itself and not the rumours.
    """

    def __init__(self, config: ClusteringConfig) -> None:
        self._config = config
        self._alive: dict[str, Cluster] = {}
        self._leads: dict[str, str] = {}  # absorbed id -> surviving id
        self._single: OrderedDict[str, None] = OrderedDict()
        self._grown: OrderedDict[str, None] = OrderedDict()
        self._now = 0
        self.check_at = 0
        self.meetings = 0  # times that two clusters were found near to each other

    def __len__(self) -> int:
        return len(self._alive)

    def __iter__(self) -> Iterator[Cluster]:
        return iter(self._alive.values())

    def get(self, id_: str) -> Cluster | None:
        """Give the living cluster with this id or former id."""
        alive = self._alive
        if id_ in alive:
            return alive[id_]
        return alive[self._leads[id_]] if id_ in self._leads else None

    def resolve(self, id_: str) -> str:
        """Give the id under which a cluster lives on; an unknown one stays as it is."""
        return self._leads.get(id_, id_)

    def found(self, event_id: str, time: int, *, shared: bool) -> tuple[Cluster, list[Cluster]]:
        """Found a cluster; the list says which had to go for it."""
        gone = []
        if len(self._alive) >= self._config.max_clusters:
            gone.append(self._evict_for_room())
        cluster = Cluster(
            cluster_id(self._config.realm, event_id), time, time, int(shared), not shared, "", [], [], [], 0
        )
        self._alive[cluster.id] = cluster
        (self._single if shared else self._grown)[cluster.id] = None
        return cluster, gone

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

    def meet(self, a: Cluster, b: Cluster) -> None:
        """Note that two clusters have texts near to each other: a further text may show that they are one."""
        self.meetings += 1
        self._note(a, [b.id], self.meetings)
        self._note(b, [a.id], self.meetings)

    def akin(self, cluster: Cluster) -> Iterator[Cluster]:
        """Give the living clusters that are noted as near to this one."""
        for id_ in cluster.akin:
            other = self.get(id_)
            if other is not None and other is not cluster:
                yield other

    def merge(self, a: Cluster, b: Cluster) -> tuple[Cluster, Cluster]:
        """Make one of two; gives (survivor, absorbed). The caller moves what is indexed under the absorbed."""
        survivor, absorbed = sorted((a, b), key=lambda cluster: (cluster.founded, cluster.id))
        survivor.last = max(survivor.last, absorbed.last)
        survivor.shares += absorbed.shares
        survivor.normal = survivor.normal or absorbed.normal
        self._remove(absorbed)
        self._single.pop(survivor.id, None)
        survivor.grown = True
        self._grown[survivor.id] = None
        self._grown.move_to_end(survivor.id)
        self._lead(survivor, [*absorbed.absorbed, absorbed.id])
        self._note(survivor, absorbed.akin, absorbed.met)
        return survivor, absorbed

    def expire(self, time: int) -> list[Cluster]:
        """Evict the clusters that nobody shared for the retention time; before `check_at` there are none."""
        self._now = max(self._now, time)
        gone = [*self._expired(self._single), *self._expired(self._grown)]
        fronts = [self._alive[next(iter(queue))].last for queue in (self._single, self._grown) if queue]
        self.check_at = min(fronts, default=self._now) + self._config.retention_ms + 1
        return gone

    def state(self) -> ClustersState:
        """Give the state for a snapshot."""
        single = [self._alive[id_] for id_ in self._single]
        grown = [self._alive[id_] for id_ in self._grown]
        return ClustersState(single, grown, self._now, self.check_at, self.meetings)

    def resume(self, state: ClustersState) -> None:
        """Take up where `state` was taken."""
        both = [*state.single, *state.grown]
        self._alive = {cluster.id: cluster for cluster in both}
        self._leads = {former: cluster.id for cluster in both for former in cluster.absorbed}
        self._single = OrderedDict.fromkeys(cluster.id for cluster in state.single)
        self._grown = OrderedDict.fromkeys(cluster.id for cluster in state.grown)
        self._now, self.check_at, self.meetings = state.now, state.check_at, state.meetings

    def _expired(self, queue: OrderedDict[str, None]) -> Iterator[Cluster]:
        limit = self._now - self._config.retention_ms
        while queue and self._alive[next(iter(queue))].last < limit:
            yield self._evict(queue)

    def _evict_for_room(self) -> Cluster:
        crowded = len(self._single) * 4 >= self._config.max_clusters
        return self._evict(self._single if crowded or not self._grown else self._grown)

    def _evict(self, queue: OrderedDict[str, None]) -> Cluster:
        cluster = self._alive[next(iter(queue))]
        self._remove(cluster)
        for former in cluster.absorbed:
            del self._leads[former]
        return cluster

    def _remove(self, cluster: Cluster) -> None:
        del self._alive[cluster.id]
        del (self._grown if cluster.grown else self._single)[cluster.id]

    def _note(self, cluster: Cluster, akin: list[str], met: int) -> None:
        cluster.met = max(cluster.met, met)
        cluster.akin = [*(id_ for id_ in cluster.akin if id_ not in akin), *akin][-self._config.max_link_candidates :]

    def _lead(self, survivor: Cluster, former: list[str]) -> None:
        for id_ in former:
            self._leads[id_] = survivor.id
        survivor.absorbed.extend(former)
        while len(survivor.absorbed) > self._config.max_absorbed:
            del self._leads[survivor.absorbed.pop(0)]
