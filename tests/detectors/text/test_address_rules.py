"""One row of the table for each rule, and a test that fails if a rule has no row: without it, no row would change."""

import re
from collections.abc import Iterator
from hashlib import sha256

import msgspec
import pytest

from detectors.text.addresses.masks import mask_url
from detectors.text.addresses.rules import SiteRules, build_rules, load_rules, read_sites, read_wrappers
from detectors.text.urls import canonical, identifying
from tests.detectors.text import address_rows as table

MILL = "gazette.example.org/2026/mill"
SITES = read_sites()


def digest(name: str, host: str) -> str:
    return sha256(f"{host}/{name}".encode()).hexdigest()


def form(address: str) -> str | None:
    return canonical(address, digest)


def pairs(text: str, after: str = "") -> list[tuple[str, str]]:
    rows = [line.partition(" -> ") for line in text.strip().splitlines() if line.strip()]
    return [(before.strip(), given or after) for before, _, given in rows]


def expected(after: str) -> str:
    """Fill in the digest of each account that a row names."""
    host = after.partition("/")[0]
    return re.sub(r"⟨user:(?![0-9a-f]{16}⟩)([^⟩]+)⟩", lambda name: f"⟨user:{digest(name[1], host)[:16]}⟩", after)


REWRITES = pairs(table.REWRITES)
WRAPPERS = [(before.replace("…", table.WRAPPED), after) for before, after in pairs(table.WRAPPERS, MILL + "?id=7")]
FRONT_ENDS = [
    (f"https://{host}/{row.partition(' -> ')[0]}", row.partition(" -> ")[2])
    for row, hosts in table.FRONT_ENDS.items()
    for host in hosts.split()
]
PATH_IS_ALL = [(f"{host}/?x=1", host) for host in table.PATH_IS_ALL.split()]
AMP = [(before, MILL) for before, _ in pairs(table.AMP)]
ROWS = [*REWRITES, *WRAPPERS, *FRONT_ENDS, *PATH_IS_ALL, *AMP]
ACCOUNTS = pairs(table.ACCOUNTS)


@pytest.mark.parametrize(("before", "after"), ROWS)
def test_an_address_has_the_form_of_its_row(before: str, after: str) -> None:
    assert form(before) == expected(after)
    assert form(expected(after)) == expected(after)
    assert canonical(expected(after)) == expected(after)


@pytest.mark.parametrize(("before", "after"), REWRITES)
def test_a_post_identifies_its_content_and_a_profile_does_not(before: str, after: str) -> None:
    assert identifying(expected(after)) == (re.search(r"[^/⟩]$", after) is not None)


@pytest.mark.parametrize(("before", "after"), ROWS)
def test_without_a_key_no_name_and_no_digest_is_in_the_form(before: str, after: str) -> None:
    shown = canonical(before)
    assert shown is not None
    assert "⟨user:" not in shown or "⟨user:" in before
    for name in re.findall(r"⟨user:([^⟩]+)⟩", after):
        assert name not in shown or name in before
        assert f"/{name}" not in shown


@pytest.mark.parametrize(("before", "after"), ACCOUNTS)
def test_an_account_in_an_address_is_masked_for_people(before: str, after: str) -> None:
    assert mask_url(before) == after
    assert mask_url(after) == after


@pytest.mark.parametrize("pair", table.TRACKERS.split())
def test_a_parameter_of_a_row_tracks(pair: str) -> None:
    assert canonical(f"https://{MILL}?id=7&{pair}") == f"{MILL}?id=7"


@pytest.mark.parametrize("pair", table.SIGNIFICANT.split())
def test_a_parameter_that_may_be_significant_stays(pair: str) -> None:
    assert canonical(f"https://{MILL}?{pair}") == f"{MILL}?{pair}"


def reductions(site: SiteRules) -> Iterator[tuple[str, SiteRules]]:
    """Yield the rules of a site, each time without one of them."""
    for number, rewrite in enumerate(site.rewrites):
        rest = (*site.rewrites[:number], *site.rewrites[number + 1 :])
        yield rewrite.path, msgspec.structs.replace(site, rewrites=rest)
    for pattern in site.masks:
        yield pattern, msgspec.structs.replace(site, masks=tuple(one for one in site.masks if one != pattern))
    for name in site.names_after:
        yield name, msgspec.structs.replace(site, names_after=site.names_after - {name})
    for name in site.user_parameters:
        yield name, msgspec.structs.replace(site, user_parameters=site.user_parameters - {name})
    for host in site.hosts:
        yield host, msgspec.structs.replace(site, hosts=tuple(one for one in site.hosts if one != host))
    for scheme in site.schemes:
        yield scheme, msgspec.structs.replace(site, schemes=tuple(one for one in site.schemes if one != scheme))
    if site.subdomains:
        yield site.subdomains, msgspec.structs.replace(site, subdomains="")
    if site.keep is not None:
        yield "keep", msgspec.structs.replace(site, keep=None)


def rows_fail(*hosts: str) -> bool:
    """Return True if some row has another form; rows with one of the hosts come first, because they decide at once."""
    likely = sorted(ROWS, key=lambda row: not any(host.strip("*.") in row[0] + row[1] for host in hosts))
    return any(mask_url(before) != after for before, after in ACCOUNTS) or any(
        form(before) != expected(after) for before, after in likely
    )


@pytest.mark.no_cover
@pytest.mark.parametrize("number", range(len(SITES)), ids=[site.host for site in SITES])
def test_every_rule_of_a_platform_has_a_row(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load_rules()
    for name, reduced in reductions(SITES[number]):
        sites = (*SITES[:number], reduced, *SITES[number + 1 :])
        changed = build_rules(rules.general, sites, read_wrappers())
        for field in ("sites", "schemes"):
            monkeypatch.setattr(rules, field, getattr(changed, field))
        assert rows_fail(name, reduced.host, *reduced.hosts), (
            f"no row needs {name} of {reduced.host}; add one, or remove the rule"
        )
        monkeypatch.undo()


def test_every_redirect_has_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rules, wrappers = load_rules(), read_wrappers()
    for number, wrapper in enumerate(wrappers):
        rest = (*wrappers[:number], *wrappers[number + 1 :])
        monkeypatch.setattr(rules, "wrappers", build_rules(rules.general, SITES, rest).wrappers)
        assert rows_fail(*wrapper.hosts), f"no row needs the redirect of {wrapper.hosts} with the path {wrapper.path}"
        monkeypatch.undo()


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "field", ["host_labels", "host_endings", "amp_segments", "amp_suffixes", "amp_endings", "index_pages"]
)
def test_every_rule_for_pages_has_a_row(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load_rules()
    given = getattr(rules.general, field)
    for name in given:
        rest = (
            {key: given[key] for key in given if key != name}
            if isinstance(given, dict)
            else type(given)(one for one in given if one != name)
        )
        monkeypatch.setattr(rules, "general", msgspec.structs.replace(rules.general, **{field: rest}))
        assert rows_fail(), f"no row needs {name} of {field}"
        monkeypatch.undo()


def test_every_tracking_parameter_has_a_row() -> None:
    general = load_rules().general
    rows = [pair.partition("=") for pair in table.TRACKERS.split()]
    names = {name.lower() for name, _, _ in rows}
    assert general.trackers <= names
    assert not [prefix for prefix in general.tracker_prefixes if not any(name.startswith(prefix) for name in names)]
    assert general.sharing <= names
    assert general.sharing_values <= {value.lower() for name, _, value in rows if name.lower() in general.sharing}
    assert {(name, value) for name, values in general.presentation.items() for value in values} <= {
        (name, value) for name, _, value in rows
    }


@pytest.mark.parametrize(
    "field", ["user_parameters", "phone_parameters", "email_parameters", "secret_parameters", "search_parameters"]
)
def test_every_personal_parameter_has_a_mask(field: str) -> None:
    for name in getattr(load_rules().general, field):
        value = "447700900123" if field in ("phone_parameters", "search_parameters") else "miller"
        assert canonical(f"{MILL}?{name}={value}") != f"{MILL}?{name}={value}"
        assert value not in mask_url(f"{MILL}?{name}={value}")


@pytest.mark.parametrize("field", ["names_after", "phones_after"])
def test_the_segment_after_every_such_word_is_masked(field: str) -> None:
    for word in getattr(load_rules().general, field):
        assert "07700900123" not in mask_url(f"gazette.example.org/{word}/07700900123")
