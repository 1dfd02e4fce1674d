"""Where requests may go: the guard's table."""

import pytest

from renkei.outbound import AllowList, Destination, RefusedAddressError

INSIDE = [
    "127.0.0.1",
    "127.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "240.0.0.1",
    "192.0.2.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:c0a8:101::",
    "2001:db8::1",
]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "169.254.0.1",
    "192.0.0.192",
    "168.63.129.16",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
]
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused_until_its_host_and_port_are_named(address: str) -> None:
    with pytest.raises(RefusedAddressError, match="address_not_public"):
        AllowList().check_address(address, host="crm.local", port=443)
    allow = AllowList.of(["http://crm.local:443"])
    allow.check_address(address, host="crm.local", port=443)
    for host, port in [("crm.local", 444), ("other.local", 443)]:
        with pytest.raises(RefusedAddressError):
            allow.check_address(address, host=host, port=port)


@pytest.mark.parametrize("address", NEVER)
def test_where_clouds_keep_their_secrets_no_entry_leads(address: str) -> None:
    with pytest.raises(RefusedAddressError, match="address_never_allowed"):
        AllowList.of(["https://crm.local"]).check_address(address, host="crm.local", port=443)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    AllowList().check_address(address, host="chat.example.jp", port=443)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://chat.example.jp/", "scheme_not_allowed"),
        ("https://chat.example.jp:8443/", "port_not_allowed"),
        ("https://chat.example.jp:22/", "port_not_allowed"),
        ("ftp://chat.example.jp/", "scheme_not_allowed"),
        ("https://a@chat.example.jp/", "userinfo_in_url"),
        ("https://chat.example.jp:0/", "bad_url"),
        ("https://chat example.jp/", "bad_url"),
        ("https://chat.example.jp%00.evil/", "bad_url"),
        ("javascript:alert(1)", "scheme_not_allowed"),
        ("", "scheme_not_allowed"),
    ],
)
def test_scheme_and_port_must_have_been_named(url: str, code: str) -> None:
    with pytest.raises(RefusedAddressError, match=code):
        AllowList().check(Destination.of(url))


def test_an_entry_names_one_scheme_host_and_port() -> None:
    allow = AllowList.of(["http://CRM.local:8080/ignored"])
    allow.check(Destination.of("http://crm.LOCAL:8080/x"))
    allow.check(Destination.of("http://crm.local.:8080/x"))
    for url in ("http://crm.local/", "http://crm.local:8081/", "https://crm.local:8080/", "http://a.crm.local:8080/"):
        with pytest.raises(RefusedAddressError):
            allow.check(Destination.of(url))


def test_a_name_in_japanese_is_compared_in_its_ascii_form() -> None:
    assert Destination.of("https://例え.jp/").host == "xn--r8jz45g.jp"
