"""Turn the HTML of a post into plain text and the addresses of its links."""

import re
from html.parser import HTMLParser

_ENDS_LINE = frozenset({"p", "div", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "tr"})
_UNSHOWN = frozenset({"script", "style", "head", "title", "template"})
_VOID = frozenset(
    {"br", "img", "hr", "input", "meta", "link", "wbr", "source", "area", "base", "col", "embed", "track"}
)
_NAMES_PEOPLE_OR_TAGS = frozenset({"mention", "hashtag"})
_begins_no_tag = re.compile(r"<(?![^<>]{1,2048}>)").sub
_REPEATS_THE_QUOTE = "quote-inline"  # a link to the quoted post, for programs without quotes


def read_html(html: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of a fragment of HTML, with real line breaks, and the addresses of its links.

    Links of mentions and hashtags are no addresses that a post shares. The line by which a server repeats the address
    of a quoted post for older programs is left out.
    """
    if "<" not in html and "&" not in html:
        return html.strip(), ()
    reader = _Reader()
    reader.feed(_begins_no_tag("&lt;", html))  # the parser needs quadratic time for tags without an end
    reader.close()
    lines = "".join(reader.parts).replace("\xa0", " ").split("\n")
    return "\n".join(line.strip() for line in lines).strip(), tuple(dict.fromkeys(reader.addresses))


class _Reader(HTMLParser):
    """Collects text and links; elements left out are counted until the end of the same element."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.addresses: list[str] = []
        self._left_out = ""  # the element that is left out, with its content
        self._depth = 0  # of elements of this name within it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        if self._left_out:
            self._depth += tag == self._left_out and tag not in _VOID
            return
        given = dict(attrs)
        words = frozenset((given.get("class") or "").split())
        if tag in _UNSHOWN or (_REPEATS_THE_QUOTE in words and tag not in _VOID):
            self._left_out, self._depth = tag, 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "a" and not words & _NAMES_PEOPLE_OR_TAGS:
            address = (given.get("href") or "").strip()
            if address.startswith(("http://", "https://")):
                self.addresses.append(address)

    def handle_endtag(self, tag: str) -> None:
        """End an element; that of a paragraph ends the line."""
        if self._left_out:
            self._depth -= tag == self._left_out
            if self._depth == 0:
                self._left_out = ""
        elif tag in _ENDS_LINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Take the text of an element."""
        if not self._left_out:
            self.parts.append(data)


__all__ = ["read_html"]
