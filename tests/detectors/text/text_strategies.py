"""Texts that have broken a normaliser before: fragments of identifiers, scripts, joiners and junk in any order."""

from hypothesis import strategies as st

_IDENTIFIERS = [
    "@", "@user", "a@b.com", "name@okaxis", "did:plc:ab1", "u/someone", "9876543210", "98765 43210", "+91", "00", "0",
    "1", "12", "2020", "011", "call ", "phone: ", "Rs ", "$", "lakh", "t.me/", "https://x.com/user/status/12", "http://",
    "www.", "bit.ly/x", "⟨user⟩", "⟨phone⟩", "⟨id⟩", "@…", "://", "?a=b@c.de", "#frag", "~", "=", "&", " did:",
]  # fmt: skip
_SCRIPTS = [
    "क्", "ष", "म", "सलाम", "سلام", "é", "e\u0301", "\u0301", "\u0345", "ß", "İ", "ﷺ", "१०", "٣", "１", "½", "ẞ", "ﹿ",
    "ﾞ", "가", "ᄀ", "\uffa0", "ー", "ª", "ŉ", "Ǆ", "小明", "ไทย", "\u0640", "ﹱ",
]  # fmt: skip
_DECORATION = [
    " ", "\n", ".", ",", "-", "(", ")", "+", "/", "_", "*", "\u200b", "\u200d", "\u200c", "👍🏽", "1️⃣", "🇮🇳", "Fwd:",
    "forwarded", "many times", "RT", "via", "Forwarded from Bob", "'", "’", "don't", ",000", "\ud800", "\x00", "°", "…",
    "word", "\u00ad", "\u034f", "&amp;", "&lt;",
]  # fmt: skip

_fragments = st.sampled_from(_IDENTIFIERS + _SCRIPTS + _DECORATION)
_any_character = st.characters(codec=None, exclude_categories=[])

texts = st.lists(st.one_of(_fragments, _any_character), max_size=12).map("".join)
"""Any text, hostile ones often, with lone surrogates."""

ascii_texts = st.lists(st.one_of(_fragments.filter(str.isascii), st.characters(max_codepoint=127)), max_size=14).map(
    "".join
)
