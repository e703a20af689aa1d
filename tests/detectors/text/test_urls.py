import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.text.url_finder import find_urls, trim
from detectors.text.urls import canonical, identifying, mask_url
from tests.detectors.text.text_strategies import texts

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
            "facebook.com/story.php?id=⟨user⟩&story_fbid=12345678901",
        ),
        (("https://a.com/@me/x?email=q@r.org",), "a.com/⟨user⟩/x?email=⟨email⟩"),
        (("https://a.com/unsubscribe/q@r.org", "a.com/unsubscribe/other@r.org"), "a.com/unsubscribe/⟨email⟩"),
        (("linkedin.com/posts/jo-do_title-activity-7123",), "linkedin.com/posts/⟨user⟩_title-activity-7123"),
        (("https://plc.directory/did:plc:abc",), "plc.directory/⟨id⟩"),
        (("http://[2001:db8::1]/x",), "[2001:db8::1]/x"),
        (("http://192.0.2.1:8080/x",), "192.0.2.1:8080/x"),
        (("https://a.com/?q=a+b", "https://a.com?q=a%20b"), "a.com?q=a%20b"),
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
        "tg://resolve?domain=x",
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


def test_a_wrapper_within_wrappers_is_followed_only_so_far() -> None:
    inner = "http://a.com/x"
    for _ in range(5):
        inner = "http://l.facebook.com/l.php?u=" + inner.replace("%", "%25").replace("?", "%3F").replace("=", "%3D")
    address = canonical(inner)
    assert address is not None
    assert address.startswith("l.facebook.com")


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


@given(texts)
def test_every_address_found_in_any_text_can_be_judged(text: str) -> None:
    for url in find_urls(text):
        assert url in text
        assert isinstance(identifying(url), bool)


@pytest.mark.parametrize("unit", ["a.", "a", "-a", "http://", "https://a.com/x,", "www.", "a.com", "http://a.com/)"])
def test_half_a_megabyte_of_anything_comes_through(unit: str) -> None:
    for url in find_urls(unit * (500_000 // len(unit))):
        canonical(url)
        mask_url(url)
