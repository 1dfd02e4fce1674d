"""Which addresses become a link, and where it leads."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.links import Link, find_only_link, read_link

OPENABLE = [
    ("https://example.com", "https://example.com", "example.com"),
    ("http://example.com/a/b?c=d#e", "http://example.com/a/b?c=d#e", "example.com"),
    ("HTTPS://EXAMPLE.COM/Path", "https://example.com/Path", "example.com"),
    ("  https://example.com/\n", "https://example.com/", "example.com"),
    ("https://example.com:8443/x", "https://example.com:8443/x", "example.com:8443"),
    ("http://192.0.2.1/", "http://192.0.2.1/", "192.0.2.1"),
    ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/", "[2001:db8::1]:8080"),
    ("https://my_bucket.files.example/%E5%86%99%E7%9C%9F.png", None, "my_bucket.files.example"),
    ("https://例え.jp/商品?色=赤", "https://xn--r8jz45g.jp/商品?色=赤", "xn--r8jz45g.jp"),
    ("https://аpple.com/", "https://xn--pple-43d.com/", "xn--pple-43d.com"),
    ("https://faß.de/", "https://xn--fa-hia.de/", "xn--fa-hia.de"),
    ("https://ｅｘａｍｐｌｅ．ｃｏｍ/", "https://example.com/", "example.com"),
    ("https://example.com/?next=javascript:alert(1)", None, "example.com"),
    ("https://example.com/@user", None, "example.com"),
    ("https://example.com/${SHELL(id)}".replace("{", "%7B").replace("}", "%7D"), None, "example.com"),
]

INERT = [
    "",
    " ",
    "example.com",
    "www.example.com/a",
    "//example.com",
    "/\\example.com",
    "https:example.com",
    "https:/example.com",
    "https:///example.com",
    "https://",
    "https://?x",
    "https://:443/",
    "https://example.com:",
    "https://example.com:99999/",
    "https://example.com:8x/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "javascript://example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "blob:https://example.com/1",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://example.com/",
    "tel:+819012345678",
    "view-source:https://example.com",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://example.com@evil.example/",
    "https://@example.com/",
    "https://example.com\\@evil.example/",
    "https:\\\\example.com",
    "https://exam ple.com/",
    "https://example.com/a b",
    "https://example.com/\u202egnp.exe",
    "https://example\u200b.com/",
    "https://example.com/\u2066x",
    "https://example.com/\u3000x",
    "https://example.com/a\nb",
    "https://example.com/a\x00",
    "https://example.com/\x1b[31m",
    "https://example.com/\u2028",
    "https://example.com/\ud800",
    'https://example.com/"onclick="alert(1)',
    "https://example.com/<script>",
    "https://example.com/'--",
    "https://example.com/{{7*7}}",
    "https://exa%6dple.com/",
    "https://127.1/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://256.1.1.1/",
    "https://[::1/",
    "https://[1]/",
    "https://[::1%25eth0]/",
    "https://a..b/",
    "https://example.com℀.evil.example/",
    "https://example.com／evil.example/",
    "https://-/",
    "https://" + "a" * 254 + "/",
    "https://example.com/" + "a" * 9000,
    "見て https://example.com",
    "https://example.com を見て",
    "https://a.example https://b.example",
    "https://a.example\nhttps://b.example",
]


@pytest.mark.parametrize(("address", "href", "host"), OPENABLE)
def test_an_honest_address_opens_where_it_says(address: str, href: str | None, host: str) -> None:
    """Proves R93."""
    assert find_only_link(address) == Link(href or address, host)


@pytest.mark.parametrize("address", INERT, ids=ascii)
def test_everything_else_stays_text(address: str) -> None:
    """Proves R95."""
    assert read_link(address) is None


@given(
    st.text(max_size=30)
    | st.builds("https://{}".format, st.text(max_size=30))
    | st.text("htps:/\\@.a1[]%?#\u202e\uff0e ", max_size=20)
    | st.builds("https://example.com{}".format, st.text("htps:/\\@.a1[]%?#\u202e\uff0e ", max_size=12))
)
def test_whatever_was_typed_a_link_leads_where_its_host_is_shown(text: str) -> None:
    """Read again it is the same link; its scheme is http or https; its host is ASCII and stands in the address."""
    link = read_link(text)
    if link is None:
        return
    parts = urlsplit(link.href)
    assert parts.scheme in ("http", "https")
    assert parts.netloc == link.host
    assert link.host.isascii()
    assert "@" not in link.host
    assert read_link(link.href) == link
