"""Load the rules for web addresses: redirects, trackers, AMP pages, and one file for each group of platforms.

The lists that the field maintains are the model for the entries: ClearURLs, the tracking-parameter filter of AdGuard,
the query stripping of Firefox and Brave, and the front ends that LibRedirect knows. To add a rule, add an entry to a
TOML file and a row to the table of the tests: a test fails if a rule has no row.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

import msgspec

Decoding = Literal["plain", "percent", "base64", "proofpoint-2", "proofpoint-3", "translated-host"]
"""Transformation of an address inside a redirect, beyond percent-encoding."""


class Rewrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several addresses of a thing, and the form that all of them share.

    `path` is a regular expression for the whole canonical path, and each of `needs` for a whole parameter value.
    `{name}` in `to` is a named group or a needed parameter; `⟨user:{name}⟩` is the keyed digest of an account.
    """

    path: str
    to: str
    needs: dict[str, str] = {}


class SiteRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The addresses of one platform. A host is exact, `*.host` for any first label, or `label.*` for any rest."""

    host: str
    hosts: tuple[str, ...] = ()
    """Other hosts of the same content: former names, country hosts, front ends."""
    subdomains: str = ""
    """Regular expression for the first labels that lead to the same content, such as `old`."""
    account_subdomain: bool = False
    """True if any other first label is the name of an account: NAME.host/1 is host/NAME/1."""
    schemes: tuple[str, ...] = ()
    """Schemes of the platform's app; `tg://resolve` is read as the path `/tg:/resolve` of the host."""
    keep: frozenset[str] | None = None
    """The only parameters that identify content; None keeps all that do not track."""
    drop: frozenset[str] = frozenset()
    """Parameters that track on this platform, and may be significant elsewhere."""
    pages: frozenset[str] | None = None
    """First segments that are the platform's own; any other first segment is then an account."""
    names_after: frozenset[str] = frozenset()
    """Segments followed by the name of an account."""
    masks: tuple[str, ...] = ()
    """Regular expressions that begin a path; the groups `user`, `phone` and `id` are masked."""
    user_parameters: frozenset[str] = frozenset()
    """Parameters with the name or number of an account, beyond those of every host."""
    rewrites: tuple[Rewrite, ...] = ()


class Wrapper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Redirects that contain the address which they lead to, in a parameter or in the group `url` of the path."""

    hosts: tuple[str, ...]
    path: str = ".*"
    parameters: tuple[str, ...] = ()
    value: str = "(?P<url>.+)"
    """Regular expression for the whole value; the group `url` is the address."""
    to: str = "{url}"
    decoding: Decoding = "plain"


class General(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules for every host."""

    host_labels: frozenset[str]
    """Labels in front of a host that lead to the same content, such as `www` and `m`."""
    host_endings: dict[str, str]
    """Ends of hosts that lead to the same content, and the end that all share."""
    amp_segments: dict[str, str]
    """Segments of AMP pages, and the segments of the full pages; an empty one is removed."""
    amp_suffixes: dict[str, str]
    """Endings of the last segment of AMP pages, and of the full pages."""
    amp_endings: tuple[str, ...]
    """Last segments that only AMP pages have."""
    index_pages: frozenset[str]
    """Last segments that add nothing to the folder."""
    trackers: frozenset[str]
    """Parameters that identify the sharer, the campaign or the presentation."""
    tracker_prefixes: tuple[str, ...]
    sharing: frozenset[str]
    """Parameters that are significant unless the value is one of `sharing_values`."""
    sharing_values: frozenset[str]
    presentation: dict[str, frozenset[str]]
    """Parameters that only choose how a page looks, if the value is one of these."""
    names_after: frozenset[str]
    phones_after: frozenset[str]
    user_parameters: frozenset[str]
    phone_parameters: frozenset[str]
    email_parameters: frozenset[str]
    secret_parameters: frozenset[str]
    search_parameters: frozenset[str]
    """Parameters with words of a search; a telephone number among them is masked."""
    plain_pages: frozenset[str]
    """Segments that identify no content."""
    plain_parameters: frozenset[str]
    rewrites: tuple[Rewrite, ...]


class _SitesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sites: tuple[SiteRules, ...]


class _WrappersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    wrappers: tuple[Wrapper, ...]


@dataclass(slots=True)
class Rules:
    """All rules, indexed by host."""

    general: General
    sites: dict[str, SiteRules] = field(default_factory=dict)
    schemes: dict[str, SiteRules] = field(default_factory=dict)
    wrappers: dict[str, list[Wrapper]] = field(default_factory=dict)

    def site(self, host: str) -> SiteRules | None:
        """Return the platform of a host, of which a known subdomain is a part."""
        site = find(self.sites, host)
        if site is None:
            label, _, parent = host.partition(".")
            site = self.sites.get(parent)
            if site is None or not (site.account_subdomain or compiled(site.subdomains).fullmatch(label)):
                return None
        return site


Rule = TypeVar("Rule")


def find(rules: dict[str, Rule], host: str) -> Rule | None:
    """Look a host up: first the host itself, then `*.parent`, then `label.*`."""
    found = rules.get(host)
    if found is None:
        label, _, parent = host.partition(".")
        found = rules.get(f"*.{parent}") or rules.get(f"{label}.*")
    return found


compiled = cache(re.compile)
"""Compile each pattern of the rules once."""


def build_rules(general: General, sites: tuple[SiteRules, ...], wrappers: tuple[Wrapper, ...]) -> Rules:
    """Index the rules by host.

    Raises:
        ValueError: two platforms claim one host or scheme.
    """
    rules = Rules(general, wrappers=defaultdict(list))
    for site in sites:
        for index, names in ((rules.sites, (site.host, *site.hosts)), (rules.schemes, site.schemes)):
            for name in names:
                if name in index:
                    raise ValueError(f"{name} belongs to {index[name].host} and to {site.host}; remove one of the two")
                index[name] = site
    for wrapper in wrappers:
        for host in wrapper.hosts:
            rules.wrappers[host].append(wrapper)
    return Rules(general, rules.sites, rules.schemes, dict(rules.wrappers))


def read_sites() -> tuple[SiteRules, ...]:
    """Read the platforms from the folder `sites`, in the order of the file names."""
    paths = sorted(files(__package__).joinpath("sites").iterdir(), key=lambda path: path.name)
    read = [msgspec.toml.decode(path.read_bytes(), type=_SitesFile) for path in paths if path.name.endswith(".toml")]
    return tuple(site for one in read for site in one.sites)


def read_wrappers() -> tuple[Wrapper, ...]:
    """Read the redirects."""
    return msgspec.toml.decode(files(__package__).joinpath("wrappers.toml").read_bytes(), type=_WrappersFile).wrappers


def read_general() -> General:
    """Read the rules for every host."""
    return msgspec.toml.decode(files(__package__).joinpath("general.toml").read_bytes(), type=General)


@cache
def load_rules() -> Rules:
    """Return all rules."""
    return build_rules(read_general(), read_sites(), read_wrappers())
