"""Random streams: the indexed clustering beside a slow, obvious one, and restore-and-continue beside continue."""

from dataclasses import dataclass, field
from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.clustering import Clustering, ClusteringConfig
from detectors.clustering.clusters import cluster_id
from detectors.similarity.sketch import SketchConfig, Sketcher, SketchIndex, estimate
from detectors.similarity.variants import variants
from detectors.text.urls import identifying
from schemas.assignment import Assignment, Merge, Method, Timeliness
from schemas.event import AccountStatus, Kind
from schemas.sighting import Sighting
from tests.detectors.clustering.clusters import LIMITS, Angles, picture, say

# --- texts ------------------------------------------------------------------------------------------------------------

# Wordings of one claim, 12 degrees apart on a circle of meaning, and lexically unrelated; each with a lexical twin.
WORDS = [
    "river",
    "market",
    "office",
    "doctor",
    "school",
    "bridge",
    "harbour",
    "signal",
    "garden",
    "winter",
    "copper",
    "lantern",
    "meadow",
    "violet",
    "anchor",
]
CLAIMS = [" ".join(f"{word}{i:x}{j}" for j, word in enumerate(WORDS[i % 5 :: 2] * 2)) for i in range(10)]
TWINS = [claim + " today" for claim in CLAIMS]
# Some also in other words, too far away to join, and in words between that join the one and bridge to the other.
RETOLD = [claim.rsplit(" ", 5)[0] + " word of this came rather late to us all here" for claim in CLAIMS[3:5]]
BETWEEN = [claim.rsplit(" ", 1)[0] + " rather" for claim in CLAIMS[3:5]]
SHORT = ["good morning", "six words are guarded in here", "six words are guarded up there", ""]
TEXTS = CLAIMS + TWINS + (CLAIMS[3:5] + RETOLD + BETWEEN) * 6 + SHORT
ANGLES = {text: 12.0 * i for i, text in enumerate(CLAIMS)} | {text: 12.0 * i + 3 for i, text in enumerate(TWINS)}
ANGLES |= {text: 12.0 * i + 36 for i, text in enumerate(RETOLD, 3)} | {
    text: 12.0 * i + 18 for i, text in enumerate(BETWEEN, 3)
}
ANGLES |= {SHORT[1]: 30.0, SHORT[2]: 52.0}
URLS = [(), ("example.org/story-12345",), ("example.org", "example.org/story-67890"), ("example.org/story-45678",)]
MEDIA = [(), (picture("a"),), (picture("b", "0f" * 32, 80),), (picture("c", "0f" * 31 + "0e", 80),)]
CONFIG = ClusteringConfig(
    **LIMITS, retention_ms=40, max_representatives=3, max_link_candidates=100, max_candidates=100, album_ms=0
)


@cache
def resemblance(a: str, b: str) -> float | None:
    """How alike two texts look to the sketch index, when it holds nothing but one of them."""
    sketcher, index = Sketcher(SketchConfig()), SketchIndex(SketchConfig())
    index.add("a", sketcher.sketch(a))
    hit = index.query(sketcher.sketch(b))
    return None if hit is None else hit[1]


@cache
def shared(a: str, b: str) -> float:
    """How many letters two texts have in common, whatever the sketch index would propose."""
    sketcher = Sketcher(SketchConfig())
    return estimate(sketcher.sketch(a), sketcher.sketch(b))


@cache
def proposed(a: str, b: str) -> bool:
    """Whether the sketch index proposes one of two texts for the other."""
    sketcher, index = Sketcher(SketchConfig()), SketchIndex(SketchConfig())
    index.add("a", sketcher.sketch(a))
    return bool(index.resembling(sketcher.sketch(b), 0.0))


@cache
def cosine(a: str, b: str) -> float:
    model = Angles(ANGLES)
    x, y = (model([text])[0].astype(np.float64) for text in (a, b))
    return round(float(x @ y), 6)


# --- the slow, obvious version ----------------------------------------------------------------------------------------


@dataclass
class Group:
    """One cluster: everything about it in plain lists."""

    id: str
    created: int
    last: int
    normal: str = ""
    wordings: dict[str, tuple] = field(default_factory=dict)  # fingerprint -> variants
    looks: list[tuple[str, str, bool]] = field(default_factory=list)  # (fingerprint, normal, has a vector)
    messages: set[str] = field(default_factory=set)
    keys: list[tuple[Method, str]] = field(default_factory=list)
    checked_at: dict[str, int] = field(default_factory=dict)  # wording that joined by its words -> candidate epoch
    link_candidates: set[str] = field(default_factory=set)  # groups with a text near to one of its own
    candidate_epoch: int = 0


class Slow:
    """Compares each sighting with everything there is, one by one. No index, no shortcut."""

    def __init__(self, config: ClusteringConfig) -> None:
        self.config = config
        self.groups: list[Group] = []
        self.order: dict[str, int] = {}  # wording -> when it was first learned
        self.seen: dict[str, list[str]] = {}  # actor -> groups, least recent first
        self.candidate_epoch = 0

    def update(self, sighting: Sighting) -> list[tuple]:
        self.groups = [g for g in self.groups if g.last >= sighting.time - self.config.retention_ms]
        if sighting.kind is Kind.ACCOUNT_STATE:
            living = {group.id for group in self.groups}
            ids = [id_ for id_ in self.seen.get(sighting.actor, []) if id_ in living]
            return [("assign", id_, Method.LINK, None, None, ()) for id_ in ids]
        return self.share(sighting)

    def share(self, sighting: Sighting) -> list[tuple]:
        out: list[tuple] = []
        content = sighting.content
        refs = [r for r in (sighting.message, sighting.parent, sighting.root) if r]
        if sighting.kind is Kind.REPLY:
            refs = refs[:1]
        group, method, similarity, suggestion, differs = None, Method.LINK, None, None, ()
        for ref in refs:
            for other in [g for g in self.groups if ref in g.messages]:
                if group is None:
                    group = other
                elif other is not group:
                    group = self.merge(group, other, Method.LINK, out)
        keys = [(Method.URL, url) for url in content.urls if identifying(url)]
        for media in sighting.media:
            keys.append((Method.MEDIA, media.sha256))
            keys += [(Method.MEDIA, "picture")] if media.pdq else []  # the two in MEDIA look the same
        quotes = sighting.kind is Kind.QUOTE and (sighting.parent or sighting.root)
        learn, near = None, []
        if content.words >= self.config.min_words and not quotes:
            known = [g for g in self.groups if content.fingerprint in g.wordings]
            if known:
                differs = known[0].wordings[content.fingerprint]
                if group is None:
                    group, method = known[0], Method.EXACT
                elif group is not known[0]:
                    group = self.merge(group, known[0], Method.EXACT, out)
                if group.checked_at.get(content.fingerprint, self.candidate_epoch) < group.candidate_epoch:
                    group.checked_at[content.fingerprint] = self.candidate_epoch
                    if self.resembles_candidate(content, group):
                        group, suggestion = self.bridge(
                            group, content, self.near(content, self.config.embedding_threshold), out
                        )
            else:
                near = self.near(content, self.config.suggestion_threshold)
                group, method, similarity, learn, suggestion = self.novel(content, keys, near, group, out)
        elif group is None:
            for kind, key in keys:
                having = [g for g in self.groups if (kind, key) in g.keys]
                if having:
                    group, method = min(having, key=lambda g: self.order[f"{key} {g.id}"]), kind
                    break
        if group is None:
            group = Group(cluster_id("default", sighting.event_id), sighting.time, sighting.time)
            method = Method.FIRST_SHARE
            self.groups.append(group)
        group.last = max(group.last, sighting.time)
        if learn is not None:
            differs = variants(group.normal, content.normal) if group.normal else ()
            group.normal = group.normal or content.normal
            group.wordings[content.fingerprint] = differs
            if learn != "new":
                group.checked_at[content.fingerprint] = self.candidate_epoch
            if learn != "lexical" and len(group.looks) < self.config.max_representatives:
                group.looks.append((content.fingerprint, content.normal, learn == "new"))
        for *_, other in near if learn == "new" else ():
            if other is not group:
                self.link_candidate(group, other)
        for key in keys:
            if key not in group.keys:
                group.keys.append(key)
                self.order.setdefault(f"{key[1]} {group.id}", len(self.order))
        group.messages |= set(refs)
        for other in self.groups:
            if other is not group:
                other.messages -= set(refs)
        if sighting.actor:
            ids = [id_ for id_ in self.seen.get(sighting.actor, []) if id_ != group.id]
            self.seen[sighting.actor] = [*ids, group.id]
        suggestion = None if suggestion is None or suggestion[0] is group else (suggestion[0].id, suggestion[1])
        return [*out, ("assign", group.id, method, similarity, suggestion, differs)]

    def novel(self, content, keys, near, linked, out):
        looks = [
            (-score, fingerprint, g)
            for g in self.groups
            for fingerprint, normal, _ in g.looks
            if (score := resemblance(normal, content.normal)) is not None
        ]
        best = min(looks, key=lambda x: x[:2], default=None)
        matches = [x for x in near if -x[0] >= self.limit(content, self.config.embedding_threshold)]
        if best is not None and -best[0] >= self.limit(content, self.config.lexical_threshold):
            score, group = round(-best[0], 6), best[2]
            how = (Method.LEXICAL, score) if linked is None else (Method.LINK, None)
            matches = [x for x in matches if x[3] is not group] if self.contested(content, group) else []
            if linked is not None and linked is not group:
                group = self.merge(linked, group, Method.LEXICAL, out)
            group, suggestion = self.bridge(group, content, matches, out)
            return group, *how, "lexical", suggestion
        group, method, similarity, learn = linked, Method.LINK, None, "new"
        if matches:
            learn = "near"
            if linked is None:
                group, method, similarity = matches[0][3], Method.EMBEDDING, -matches[0][0]
            group, suggestion = self.bridge(group, content, matches, out)
            return group, method, similarity, learn, suggestion
        for kind, key in keys:
            for score, _, _, g in near:
                if (kind, key) in g.keys:
                    if linked is None:
                        return g, kind, -score, "near", None
                    return linked, Method.LINK, None, "near", None
        return group, method, similarity, learn, (near[0][3], -near[0][0]) if near else None

    def limit(self, content, value: float) -> float:
        guard = self.config.short_text_margin if content.words <= self.config.short_text_words else 0.0
        return min(1.0, round(value + guard, 6))

    def near(self, content, at_least: float) -> list[tuple]:
        """Each group with a text so near in meaning, by its nearest: (less cosine, fingerprint, text, group)."""
        near = []
        for g in self.groups:
            scored = [(-cosine(n, content.normal), f, n) for f, n, vector in g.looks if vector]
            scored = [x for x in scored if -x[0] >= self.limit(content, at_least)]
            if scored:
                near.append((*min(scored), g))
        return sorted(near, key=lambda x: x[:2])

    def contested(self, content, group: Group) -> bool:
        others = [normal for g in self.groups if g is not group for _, normal, _ in g.looks]
        alike = [normal for normal in others if shared(normal, content.normal) >= self.config.bridge_threshold]
        return any(proposed(normal, content.normal) for normal in alike) or self.resembles_candidate(content, group)

    def resembles_candidate(self, content, group: Group) -> bool:
        candidates = [g for g in self.groups if g.id in group.link_candidates and g is not group]
        return any(shared(n, content.normal) >= self.config.bridge_threshold for g in candidates for _, n, _ in g.looks)

    def bridge(self, group: Group, content, matches: list[tuple], out: list[tuple]):
        suggestion = None
        for score, _, normal, other in matches:
            if other is group or all(other is not g for g in self.groups):
                continue
            mine = [n for _, n, vector in group.looks if vector]
            is_near = not mine or any(cosine(n, normal) >= self.config.suggestion_threshold for n in mine)
            if is_near and shared(normal, content.normal) >= self.config.bridge_threshold:
                group = self.merge(group, other, Method.EMBEDDING, out)
            elif suggestion is None:
                suggestion = (other, -score)
        return group, suggestion

    def link_candidate(self, a: Group, b: Group) -> None:
        self.candidate_epoch += 1
        a.candidate_epoch = b.candidate_epoch = self.candidate_epoch
        a.link_candidates.add(b.id)
        b.link_candidates.add(a.id)

    def merge(self, a: Group, b: Group, method: Method, out: list[tuple]) -> Group:
        survivor, absorbed = sorted((a, b), key=lambda g: (g.created, g.id))
        out.append(("merge", survivor.id, absorbed.id, method))
        survivor.last = max(survivor.last, absorbed.last)
        survivor.normal = survivor.normal or absorbed.normal
        survivor.wordings |= absorbed.wordings
        survivor.looks = (survivor.looks + absorbed.looks)[: self.config.max_representatives]
        survivor.messages |= absorbed.messages
        survivor.checked_at |= absorbed.checked_at
        survivor.candidate_epoch = max(survivor.candidate_epoch, absorbed.candidate_epoch)
        for g in self.groups:
            g.link_candidates = {survivor.id if id_ == absorbed.id else id_ for id_ in g.link_candidates}
        survivor.link_candidates |= absorbed.link_candidates
        for key in absorbed.keys:
            mine, theirs = f"{key[1]} {survivor.id}", f"{key[1]} {absorbed.id}"
            self.order[mine] = min(self.order.get(mine, 1 << 30), self.order[theirs])
            if key not in survivor.keys:
                survivor.keys.append(key)
        for actor, ids in self.seen.items():
            renamed = [survivor.id if id_ == absorbed.id else id_ for id_ in ids]
            self.seen[actor] = list(dict.fromkeys(renamed[::-1]))[::-1]
        self.groups.remove(absorbed)
        return survivor


def plain(decisions: list[Assignment | Merge]) -> list[tuple]:
    said: list[tuple] = []
    for x in decisions:
        if isinstance(x, Merge):
            said.append(("merge", x.survivor, x.absorbed, x.method))
        else:
            suggestion = None if x.suggestion is None else (x.suggestion.cluster_id, x.suggestion.similarity)
            said.append(("assign", x.cluster_id, x.method, x.similarity, suggestion, x.variants))
    return said


# --- streams ----------------------------------------------------------------------------------------------------------

KINDS = [Kind.POST] * 5 + [Kind.FORWARD] * 4 + [Kind.QUOTE, Kind.REPLY, Kind.REPLY, Kind.ACCOUNT_STATE]
STEPS = (
    KINDS,
    range(6),  # time since the one before
    TEXTS,
    [None, *range(60)],  # parent: one that came before, or that comes later, or that nobody will ever see
    [None, *range(60)],  # root
    range(5),  # actor
    [*URLS, (), ()],
    [*MEDIA, (), ()],
    [Timeliness.ON_TIME] * 8 + [Timeliness.LATE, Timeliness.DROPPED_LATE],
)


def drawn(seed: int, length: int) -> list[tuple]:
    """A random stream; long ones find more than short ones, and hypothesis prefers short ones."""
    rng = np.random.default_rng(seed)
    return [tuple(choice[rng.integers(len(choice))] for choice in STEPS) for _ in range(length)]


streams = st.builds(drawn, st.integers(0, 1 << 32), st.integers(1, 100))


def stream(steps: list) -> list[tuple[Sighting, Timeliness]]:
    clock, out = 1000, []
    for i, (kind, wait, text, parent, root, actor, urls, media, timeliness) in enumerate(steps):
        clock += wait
        name, who = str(i), {"actor": str(actor)}
        if kind is Kind.ACCOUNT_STATE:
            out.append((say(name, "", clock, kind, account_status=AccountStatus.SUSPENDED, **who), timeliness))
            continue
        fields = who | {"chat": str(i % 7), "urls": urls, "media": media}
        if kind is not Kind.POST:
            fields |= {"parent": None if parent is None else str(parent), "root": None if root is None else str(root)}
        out.append((say(name, text, clock, kind, **fields), timeliness))
    return out


@pytest.mark.no_cover
@settings(deadline=None, max_examples=150)
@given(streams, st.sampled_from([0.0, 0.5]))
def test_the_indexed_clustering_agrees_with_the_slow_one(steps: list, letters: float) -> None:
    config = msgspec.structs.replace(CONFIG, bridge_threshold=letters, caption_words=0)  # captions: test_captions.py
    fast, slow = Clustering(config, Angles(ANGLES)), Slow(config)
    for sighting, _ in stream(steps):
        assert plain(fast.update(sighting)) == slow.update(sighting)
    assert {cluster.id for cluster in fast._clusters} >= {group.id for group in slow.groups}


TIGHT = ClusteringConfig(
    retention_ms=30,
    max_clusters=5,
    max_representatives=2,
    max_wordings=6,
    max_messages=12,
    max_shared_keys=3,
    max_pictures=1,
    max_actors=3,
    chats_per_actor=2,
    clusters_per_actor=2,
    clusters_per_shared_key=1,
    max_former_ids=1,
    exact_until=2,
)


@pytest.mark.no_cover
@settings(deadline=None, max_examples=150)
@given(streams, st.integers(0, 60), st.sampled_from([CONFIG, TIGHT]))
def test_a_restored_clustering_goes_on_as_if_it_had_never_stopped(
    steps: list, cut: int, config: ClusteringConfig
) -> None:
    whole = Clustering(config, Angles(ANGLES))
    events = stream(steps)
    for sighting, timeliness in events[:cut]:
        whole.update(sighting, timeliness)
    copy = Clustering(config, Angles(ANGLES))
    copy.restore(whole.snapshot())
    assert copy.snapshot() == whole.snapshot()
    for sighting, timeliness in events[cut:]:
        assert copy.update(sighting, timeliness) == whole.update(sighting, timeliness)
    assert copy.snapshot() == whole.snapshot()


@pytest.mark.no_cover
@settings(deadline=None, max_examples=100)
@given(streams, st.integers(1, 20))
def test_looking_ahead_changes_no_decision(steps: list, size: int) -> None:
    plainly, ahead = Clustering(TIGHT, Angles(ANGLES)), Clustering(TIGHT, Angles(ANGLES))
    events = stream(steps)
    for start in range(0, len(events), size):
        ahead.prefetch([sighting for sighting, _ in events[start : start + size]])
        for sighting, timeliness in events[start : start + size]:
            assert ahead.update(sighting, timeliness) == plainly.update(sighting, timeliness)
    assert ahead.snapshot() == plainly.snapshot()


@settings(deadline=None, max_examples=100)
@given(streams)
def test_merges_only_name_living_clusters_and_every_id_ever_given_leads_to_where_its_shares_are(steps: list) -> None:
    stage = Clustering(ClusteringConfig(), Angles(ANGLES))
    home: dict[str, str] = {}
    for sighting, _ in stream(steps):
        for decision in stage.update(sighting):
            if isinstance(decision, Merge):
                assert {decision.survivor, decision.absorbed} <= set(home.values())
                home = {k: decision.survivor if v == decision.absorbed else v for k, v in home.items()}
            else:
                home.setdefault(decision.cluster_id, decision.cluster_id)
                assert decision.cluster_id in home.values()
    assert all(stage.resolve(id_) == where for id_, where in home.items())
    assert len(stage) == len(set(home.values()))


def test_the_texts_of_these_streams_are_what_they_are_meant_to_be() -> None:
    assert variants(CLAIMS[0], CLAIMS[0]) == ()
    for i, claim in enumerate(CLAIMS):
        assert (resemblance(claim, TWINS[i]) or 0) >= 0.8
        assert all(resemblance(claim, other) is None for other in CLAIMS if other != claim)
    for claim, retold, between in zip(CLAIMS[3:5], RETOLD, BETWEEN, strict=True):
        assert shared(claim, retold) < CONFIG.lexical_threshold <= shared(claim, between)
        assert 0.5 <= shared(between, retold) < CONFIG.lexical_threshold
        assert min(cosine(claim, between), cosine(between, retold)) >= CONFIG.embedding_threshold
        assert CONFIG.embedding_threshold > cosine(claim, retold) >= CONFIG.suggestion_threshold
    assert not all(map(proposed, RETOLD, BETWEEN))
    assert cosine(CLAIMS[0], CLAIMS[2]) >= 0.85 > cosine(CLAIMS[0], CLAIMS[3]) >= 0.75 > cosine(CLAIMS[0], CLAIMS[4])
