"""What hostile callers write about themselves on the wire, and what we make of it: one table for line, page, file."""

from dataclasses import dataclass
from urllib.parse import quote

from renkei.domain.phone import NoNumber, Telephone
from tests.sipp import CallerLooks


@dataclass(frozen=True, slots=True)
class Case:
    """How a caller looks on the wire, and what we make of it."""

    name: str
    looks: CallerLooks
    number: str
    read: Telephone | NoNumber
    display: str = ""
    withheld: bool = False


def trusted(user: str, *, display: str = "", **more: object) -> CallerLooks:
    """The trunk vouches for this caller."""
    return CallerLooks(identity=f'"{display}" <sip:{user}@127.0.0.2>', **more)  # type: ignore[arg-type]


def unsigned(sender: str) -> CallerLooks:
    """Only From says who calls."""
    return CallerLooks(sender=sender)


WIDE = "０９０１２３４５６７８"
REAL = Telephone("+819012345678")
BAD = NoNumber.UNPARSABLE
CASES = (
    Case("plain", trusted("09012345678"), "09012345678", REAL),
    Case("international", trusted("+819012345678"), "+819012345678", REAL),
    Case("identity before From", trusted("09012345678", sender='"x" <sip:0312340000@127.0.0.2>'), "09012345678", REAL),
    Case("name in Japanese", trusted("09012345678", display="山田 太郎"), "09012345678", REAL, "山田 太郎"),
    Case("withheld by id", trusted("09012345678", privacy="id"), "09012345678", NoNumber.WITHHELD, withheld=True),
    Case("withheld by header", trusted("09012345678", privacy="header;id"), "09012345678", NoNumber.WITHHELD,
         withheld=True),
    Case("privacy none", trusted("09012345678", privacy="none"), "09012345678", REAL),
    Case("From and privacy only", CallerLooks(privacy="user"), "09012345678", NoNumber.WITHHELD, withheld=True),
    Case("anonymous", unsigned('"Anonymous" <sip:anonymous@anonymous.invalid>'), "anonymous", NoNumber.WITHHELD,
         "Anonymous"),
    Case("coin box", unsigned('"Coin line/payphone" <sip:anonymous@anonymous.invalid>'), "anonymous",
         NoNumber.PAYPHONE, "Coin line/payphone"),
    Case("script in the name", trusted("09012345678", display="<script>alert(1)</script>"), "09012345678", REAL,
         "<script>alert(1)</script>"),
    Case("sql in the name", trusted("09012345678", display="'; DROP TABLE renkei_call; --"), "09012345678", REAL,
         "'; DROP TABLE renkei_call; --"),
    Case("shell in the name", trusted("09012345678", display="${SHELL(id)}"), "09012345678", REAL, "${SHELL(id)}"),
    Case("expression in the name", trusted("09012345678", display="$(id){{7*7}}%s"), "09012345678", REAL,
         "$(id){{7*7}}%s"),
    Case("direction override", trusted("09012345678", display="\u202e874563"), "09012345678", REAL, "\u202e874563"),
    Case("full-width digits", unsigned(f"<sip:{quote(WIDE)}@127.0.0.2>"), WIDE, REAL),
    Case("dial string", unsigned("<sip:090&PJSIP/itsp/900@127.0.0.2>"), "090&PJSIP/itsp/900", BAD),
    Case("shell in the number", unsigned("<sip:$%7BSHELL(id)%7D@127.0.0.2>"), "${SHELL(id)}", BAD),
    Case("script in the number", unsigned("<sip:%3Cscript%3E1@127.0.0.2>"), "<script>1", BAD),
    Case("sql in the number", unsigned("<sip:'%20OR%201=1--@127.0.0.2>"), "' OR 1=1--", BAD),
    Case("line break in the number", unsigned("<sip:090%0D%0AX-Evil@127.0.0.2>"), "090\r\nX-Evil", BAD),
    Case("number cut by a NUL", unsigned("<sip:090%00123@127.0.0.2>"), "090", BAD),
    Case("79 digits", trusted("0" + "9" * 78), "0" + "9" * 78, BAD),
    Case("formula in the name", trusted("09012345678", display="=cmd|'/c calc'!A1"), "09012345678", REAL,
         "=cmd|'/c calc'!A1"),
    Case("sum in the name", trusted("09012345678", display="@SUM(1,1)"), "09012345678", REAL, "@SUM(1,1)"),
    Case("full-width formula", trusted("09012345678", display="＝1+1"), "09012345678", REAL, "＝1+1"),
    Case("a number as the name", trusted("09012345678", display="+81312345678"), "09012345678", REAL, "+81312345678"),
    Case("formula in the number", unsigned("<sip:%3D1+1@127.0.0.2>"), "=1+1", BAD),
    Case("emoji in the name", trusted("09012345678", display="👨‍👩‍👧🇯🇵"), "09012345678", REAL, "👨‍👩‍👧🇯🇵"),
    Case("an extension of ours", trusted("101-web"), "101-web", BAD),
)  # fmt: skip

DIALLED_BADLY = ("0312345678&PJSIP/itsp/900", "0312345678,s,1", "0$%7BSHELL(id)%7D", "0" * 70)
"""Numbers that hostile callers dial, as they stand in the address."""
