from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.text.addresses.masks import mask_url
from detectors.text.addresses.rules import load_rules
from detectors.text.url_finder import find_urls, trim
from detectors.text.urls import canonical, identifying
from tests.detectors.text.text_strategies import texts


def digest(name: str, host: str) -> str:
    return sha256(f"{host}/{name}".encode()).hexdigest()


def load_hosts() -> list[str]:
    rules = load_rules()
    return sorted(host.replace("*", "x") for host in {*rules.sites, *rules.wrappers})


UNITS = [
    "a-",
    "/a",
    "/a-",
    "/status",
    "-activity-",
    "/RU=",
    "__",
    "/web/1/",
    "http:/",
    "/1",
    "%2F",
    "&a=b",
    "/@a",
    "/%E0%A4",
]

HOSTS = st.sampled_from(
    [
        "x.com",
        "t.me",
        "facebook.com",
        "google.com",
        "youtu.be",
        "l.facebook.com",
        "m.youtube.com",
        "a.example",
        "cdn.ampproject.org",
        "linkedin.com",
        "web.archive.org/web/2026",
        "vk.com",
        "chan.t.me",
        "urldefense.com/v3",
        "hxxp://t[.]me",
        "tg:/",
    ]
)


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://t.co/abc).", ("https://t.co/abc",)),
        ("(https://en.wikipedia.org/wiki/A_(b))", ("https://en.wikipedia.org/wiki/A_(b)",)),
        ("[x](https://a.com/y]", ("https://a.com/y",)),
        ("看http://t.cn/abc很重要", ("http://t.cn/abc",)),
        ("bit.ly/xy and www.example.com and news.bbc.co.uk", ("bit.ly/xy", "www.example.com", "news.bbc.co.uk")),
        ("HTTP://A.COM/X", ("HTTP://A.COM/X",)),
        ("http://a.com/1http://b.com/2", ("http://a.com/1", "http://b.com/2")),
        ("https://web.archive.org/web/2020/https://a.com/x", ("https://web.archive.org/web/2020/https://a.com/x",)),
        ("https://a.com/x https://a.com/x", ("https://a.com/x",)),
        ("www.भारत.भारत/समाचार", ("www.भारत.भारत/समाचार",)),
        ("t.me/⟨user⟩/12", ("t.me/⟨user⟩/12",)),
        ("He died.In other news, e.g./i.e. and u.s./x, 3.5 a@b.com @user.com", ()),
        ("https://a.com/x یہ and https://a.com/xیہ خبر", ("https://a.com/x",)),
        ("https://t.co/Ab1смотрите", ("https://t.co/Ab1",)),
        ("https://a.com/ख़बर-बाढ़ देखें", ("https://a.com/ख़बर-बाढ़",)),
        ("https://a.com/خبر/سد۔", ("https://a.com/خبر/سد",)),
        ("https://fr.a.com/wiki/Café।", ("https://fr.a.com/wiki/Café",)),
        ("https://ja.a.com/wiki/水車 です", ("https://ja.a.com/wiki/水車",)),
        ("https://a.com/点这里", ("https://a.com/",)),
        (
            "(https://a.com/x） «https://a.com/y» 「https://a.com/z」",
            ("https://a.com/x", "https://a.com/y", "https://a.com/z"),
        ),
        (
            "<https://a.com/x> [mill](https://a.com/y) [url=https://a.com/z]w[/url]",
            ("https://a.com/x", "https://a.com/y", "https://a.com/z"),
        ),
        ("[https://a.com/x](https://a.com/x)", ("https://a.com/x",)),
        ("hxxps://mill[.]example[.]org/x", ("hxxps://mill[.]example[.]org/x",)),
        ("mill[.]example[.]org and mill(dot)example.org/x", ("mill[.]example[.]org", "mill(dot)example.org/x")),
        ("meow://a.com/x h**p://a.com/y hxxp[:]//a.com/z", ("meow://a.com/x", "h**p://a.com/y", "hxxp[:]//a.com/z")),
        ("https://a.com/2026/\u200bmill\u200b now", ("https://a.com/2026/\u200bmill",)),
        ("https://a.com/x,https://b.com/y;http://c.com", ("https://a.com/x", "https://b.com/y", "http://c.com")),
        ("a.com?id=7 a.com:81/x src/README.md notes.txt/x", ("a.com?id=7", "a.com:81/x")),
        ("https://a.com/x?y[]=1&amp;z=2&quot;&gt;", ("https://a.com/x?y[]=1&amp;z=2",)),
        ("tg://resolve?domain=x at://did:plc:x/y/z", ("tg://resolve?domain=x", "at://did:plc:x/y/z")),
        ("cut https://t.co/abc… whole https://t.co/abc...", ("https://t.co/abc",)),
        ("http://[2001:db8::1]/x", ("http://[2001:db8::1]/x",)),
        ("http:// https://", ()),
        ("", ()),
    ],
)
def test_addresses_are_found_as_written_without_the_sentence_around_them(text: str, urls: tuple[str, ...]) -> None:
    assert find_urls(text) == urls


@pytest.mark.parametrize(
    ("copies", "address"),
    [
        (
            (
                "https://www.Example.com/a/b/",
                "http://example.com:80/a/b#top",
                "m.example.com/a/./b",
                "amp.example.com/a/b/amp",
                "//example.com/a/x/../b",
                "https://user:pw@example.com/a/b?utm_source=x&fbclid=1",
                "example.com/a/%62?",
            ),
            "example.com/a/b",
        ),
        (("https://a.com/x?b=2&a=1&gclid=3", "a.com/x?a=1&b=2&b=2"), "a.com/x?a=1&b=2"),
        (
            (
                "https://twitter.com/user/status/123?s=20&t=x",
                "https://mobile.twitter.com/i/web/status/123/photo/1",
                "x.com/other/status/123",
            ),
            "x.com/⟨user⟩/status/123",
        ),
        (
            (
                "https://youtu.be/AbC?si=x",
                "https://m.youtube.com/watch?v=AbC&t=3s&feature=share",
                "youtube.com/shorts/AbC",
            ),
            "youtube.com/watch?v=AbC",
        ),
        (("https://t.me/s/chan/12", "telegram.me/other/12?single"), "t.me/⟨user⟩/12"),
        (
            (
                "https://www.google.com/amp/s/www.bbc.com/news/1",
                "https://www-bbc-com.cdn.ampproject.org/c/s/www.bbc.com/news/1",
                "https://l.facebook.com/l.php?u=https%3A%2F%2Fbbc.com%2Fnews%2F1&h=x",
                "https://www.google.com/url?q=http://bbc.com/news/1&sa=D",
            ),
            "bbc.com/news/1",
        ),
        (("https://de.m.wikipedia.org/wiki/A", "de.wikipedia.org/wiki/A"), "de.wikipedia.org/wiki/A"),
        (("https://भारत.भारत/क", "xn--h2brj9c.xn--h2brj9c/%E0%A4%95"), "xn--h2brj9c.xn--h2brj9c/%E0%A4%95"),
        (
            (
                "https://bsky.app/profile/did:plc:x/post/3mptbyptrje2r",
                "bsky.app/profile/a.bsky.social/post/3mptbyptrje2r",
            ),
            "bsky.app/profile/⟨user⟩/post/3mptbyptrje2r",
        ),
        (("wa.me/919876543210?text=hi",), "wa.me/⟨phone⟩"),
        (
            ("facebook.com/story.php?story_fbid=12345678901&id=99&mibextid=x",),
            "facebook.com/⟨user⟩/posts/12345678901",
        ),
        (("https://a.com/@me/x?email=q@r.org",), "a.com/⟨user⟩/x?email=⟨email⟩"),
        (("https://a.com/unsubscribe/q@r.org", "a.com/unsubscribe/other@r.org"), "a.com/unsubscribe/⟨email⟩"),
        (("linkedin.com/posts/jo-do_title-activity-7123",), "linkedin.com/posts/⟨user⟩_title-activity-7123"),
        (("https://plc.directory/did:plc:abc",), "plc.directory/⟨id⟩"),
        (("http://[2001:db8::1]/x",), "[2001:db8::1]/x"),
        (("http://192.0.2.1:8080/x",), "192.0.2.1:8080/x"),
        (("https://a.com/?q=a+b", "https://a.com?q=a%20b"), "a.com?q=a%20b"),
        (
            (
                "hxxps://mill[.]a[.]com/x",
                "meow://mill.a.com/x",
                "h**p[:]//mill(dot)a [.] com/x",
                "mill{.}a.com[/]x",
                "https://mill.a.com/\u200bx\ufeff",
                "https://mill.a.com/x%E2%80%8B",
                "https://mill.a.com/#!/x",
            ),
            "mill.a.com/x",
        ),
        (("https://a.com/e%CC%81", "https://a.com/\u00e9", "a.com/%C3%A9"), "a.com/%C3%A9"),
        (("https://fa.a.com/می\u200cخواهم",), "fa.a.com/%D9%85%DB%8C%E2%80%8C%D8%AE%D9%88%D8%A7%D9%87%D9%85"),
        (("https://a.com/x?a=1&amp;b=2", "a.com/x?a=1&b=2"), "a.com/x?a=1&b=2"),
        (("http://amp.co.uk/x",), "amp.co.uk/x"),
    ],
)
def test_copies_of_an_address_have_one_canonical_form(copies: tuple[str, ...], address: str) -> None:
    assert {canonical(copy) for copy in copies} == {address}


@pytest.mark.parametrize(
    "junk",
    [
        "",
        " ",
        "http://",
        "http://x",
        "localhost/x",
        "javascript:alert(1)",
        "gopher://example.org/x",
        "http://[::1",
        "http://a.com:port/x",
        "http://\ud800.com/",
        "http://a..com/x",
        "http://" + "a" * 64 + ".com",
        "http://a.com/" + "x" * 2048,
        "not a url",
        "a@b",
        "http://a.com/\ud800",
    ],
)
def test_junk_has_no_canonical_form(junk: str) -> None:
    assert canonical(junk) is None
    assert not identifying(junk)


@pytest.mark.parametrize(("depth", "address"), [(8, "a.com/x"), (9, "web.archive.org")])
def test_a_wrapper_within_wrappers_is_followed_only_so_far(depth: int, address: str) -> None:
    assert canonical("http://web.archive.org/web/2026/" * depth + "http://a.com/x") == address
    assert not identifying("http://web.archive.org/web/2026/" * 9 + "http://a.com/x")


@pytest.mark.parametrize(
    "url",
    [
        "bit.ly/abc",
        "t.co/x1",
        "https://bbc.com/news/world-1234",
        "youtube.com/watch?v=AbC",
        "x.com/a/status/12345678901",
        "t.me/joinchat/AbC",
        "t.me/+AbCdEf123",
        "instagram.com/p/AbC",
        "tiktok.com/@me/video/7123456789",
        "a.com/?p=123",
        "chat.whatsapp.com/AbC",
        "facebook.com/story.php?story_fbid=12345678901&id=9",
        "medium.com/@me/a-title-1a2b3c4d",
    ],
)
def test_an_address_of_one_thing_identifies_it(url: str) -> None:
    assert identifying(url)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("youtu.be/AbC", "youtu.be/aBC"),
        ("a.com/AbC", "a.com/abc"),
        ("a.com/x?id=1001", "a.com/x?id=1002"),
        ("bit.ly/AbC", "bit.ly/AbD"),
        ("t.me/mill/12", "t.me/mill/13"),
        ("t.me/mill/12", "t.me/dam/12"),
        ("t.me/c/55/12", "t.me/c/56/12"),
        ("mill.social/@ann/12", "mill.social/@bob/12"),
        ("instagram.com/stories/ann/12", "instagram.com/stories/bob/12"),
        ("vk.com/wall-1_2", "vk.com/wall-2_2"),
        ("reddit.com/r/x/comments/1ab/y/c1", "reddit.com/r/x/comments/1ab/y/c2"),
        ("facebook.com/share/p/AbC", "facebook.com/share/p/AbD"),
        ("vm.tiktok.com/ZMabc", "vm.tiktok.com/ZMabd"),
        ("a.com/#/x", "a.com/#/y"),
        ("de.wikipedia.org/wiki/A", "en.wikipedia.org/wiki/A"),
    ],
)
def test_addresses_of_two_things_stay_different(one: str, other: str) -> None:
    assert canonical(one, digest) != canonical(other, digest)


def test_a_post_of_a_channel_is_known_by_the_digest_of_the_channel() -> None:
    address = canonical("https://t.me/s/Mill_Gazette/12", digest)
    assert address == canonical("https://telegram.me/mill_gazette/12?single", digest)
    assert address is not None
    assert "mill" not in address.lower()
    assert identifying(address)
    assert not identifying("t.me/mill_gazette/12")
    assert mask_url("https://t.me/mill_gazette/12") == "https://t.me/⟨user⟩/12"


@pytest.mark.parametrize(
    "url",
    [
        "bbc.com",
        "https://www.bbc.com/",
        "bbc.com/news",
        "bbc.com/index.html?lang=en",
        "x.com/someone",
        "t.me/someone",
        "t.me/someone/12",
        "x.com/search?q=dam",
        "x.com/home",
        "youtube.com/@someone",
        "youtube.com",
        "instagram.com/someone/reels",
        "wa.me/919876543210",
        "api.whatsapp.com/send?phone=919876543210",
        "facebook.com/profile.php?id=123",
        "google.com/search?q=x",
        "a.com?utm_source=x",
    ],
)
def test_a_host_a_profile_or_a_platforms_own_page_identifies_nothing(url: str) -> None:
    assert not identifying(url)


def test_masking_for_people_keeps_the_address_as_written() -> None:
    assert mask_url("https://WWW.x.com/user/status/12/?s=20#a") == "https://WWW.x.com/⟨user⟩/status/12/?s=20#a"
    assert mask_url("t.me/%40user?x=%20y") == "t.me/⟨user⟩?x=%20y"
    assert mask_url("https://bad@host/x") == "https://⟨user⟩/x"
    assert mask_url("www.bad@example.com/x") == "⟨email⟩"
    assert mask_url("https://a.com/x?username=me&id=1&empty=") == "https://a.com/x?username=⟨user⟩&id=1&empty="


def test_a_person_in_the_name_of_a_host_is_in_no_form() -> None:
    assert canonical("https://miller.blogspot.com/search") == "blogspot.com/⟨user⟩/search"
    assert canonical("https://miller.carrd.co") == "carrd.co/⟨user⟩"
    assert (
        canonical("https://miller.github.io/map/@ann", digest)
        == f"github.io/⟨user:{digest('miller', 'github.io')[:16]}⟩/map/⟨user⟩"
    )
    assert canonical("https://9876512340.example.org/mill") is None
    assert canonical("https://1234567890.cdn.example.org/mill") == "1234567890.cdn.example.org/mill"


def test_trimming_stops_at_what_belongs_to_the_address() -> None:
    assert trim("a.com/x(1)!!") == "a.com/x(1)"
    assert trim("a.com/x(1))]") == "a.com/x(1)"
    assert trim("…") == ""


@given(texts)
def test_the_canonical_form_is_its_own_canonical_form(text: str) -> None:
    address = canonical(text)
    if address is not None:
        assert canonical(address) == address
        address.encode("utf-8")


@given(HOSTS, texts)
def test_any_path_on_a_known_host_is_stable_too(host: str, path: str) -> None:
    address = canonical(f"{host}/{path}")
    if address is not None:
        assert canonical(address) == address
    shown = mask_url(f"{host}/{path}")
    assert mask_url(shown) == shown


@given(HOSTS, texts)
def test_a_form_with_digests_is_stable_with_and_without_the_key(host: str, path: str) -> None:
    address = canonical(f"{host}/{path}", digest)
    if address is not None:
        assert canonical(address, digest) == address
        assert canonical(address) == address


@given(st.from_regex(r"[a-z]{4}_[a-z0-9]{4,12}", fullmatch=True), st.integers(1, 10**9))
def test_the_name_of_a_channel_is_in_no_form(name: str, number: int) -> None:
    for given_as in (f"t.me/{name}/{number}", f"{name}.t.me/{number}", f"tg://resolve?domain={name}&post={number}"):
        address = canonical(given_as, digest)
        assert address == f"t.me/⟨user:{digest(name, 't.me')[:16]}⟩/{number}"
        assert name not in (canonical(given_as) or "")
        assert name not in mask_url(given_as)


@given(
    st.sampled_from(["https://a.com/2026/mill", "hxxps://a[.]com/2026/mill", "a.com/2026/mill", "https://t.co/Ab1"]),
    st.sampled_from(["خبر", "דיווח", "смотри", "देखिए", "பாருங்கள்", "看这里", "ดูนี่", "지금", "δείτε", "տես"]),
    st.sampled_from(["", " ", "\u200f", "\u2069"]),
    st.sampled_from(["", "。", "۔", "।", "؟", "»", "”", "）", "!", "።"]),
)
def test_words_of_another_script_end_an_address(url: str, word: str, between: str, mark: str) -> None:
    assert find_urls(f"{url}{mark}{between}{word}") == (url,)
    assert find_urls(f"{word} {url}{mark}") == (url,)


@pytest.mark.no_cover
@given(st.sampled_from(load_hosts()), st.sampled_from(UNITS))
def test_the_longest_address_of_any_platform_comes_through(host: str, unit: str) -> None:
    url = f"http://{host}/{unit * 2040}"[:2048]
    address = canonical(url, digest)
    assert address is None or canonical(address) == address
    shown = mask_url(url)
    assert mask_url(shown) == shown


@given(texts)
def test_every_address_found_in_any_text_can_be_judged(text: str) -> None:
    for url in find_urls(text):
        assert url in text
        assert isinstance(identifying(url), bool)


@pytest.mark.parametrize(
    "unit",
    [
        "a.",
        "a",
        "-a",
        "http://",
        "https://a.com/x,",
        "www.",
        "a.com",
        "http://a.com/)",
        "a[.]",
        "[.]",
        "http://a.com/\u200b",
        "ا/",
        "a-日",
        "a.com/[",
        "&amp;",
    ],
)
def test_half_a_megabyte_of_anything_comes_through(unit: str) -> None:
    for url in find_urls(unit * (500_000 // len(unit))):
        canonical(url)
        mask_url(url)
