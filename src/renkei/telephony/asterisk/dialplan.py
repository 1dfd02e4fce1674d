"""The dialplan: the net under every call, which catches it when no worker does (P1).

A call enters a worker's application with three seconds on its absolute timer. The worker arms the timer anew for every
step; when it does not, the timer's extension ``T`` takes the call to the next worker, and after the last one to the
compiled rule that RENKEI_FALLBACK names. STASISSTATUS says SUCCESS in ``T`` too: where a call lands tells, not it.
"""

from renkei.telephony.asterisk import names

FIRST_NET_SECONDS = 3


def write_dialplan(workers: tuple[str, ...], *, data_dir: str) -> str:
    """``extensions.conf`` for these workers; compiled rules come from ``data_dir``/asterisk/rules.conf."""
    if not workers:
        raise names.UnsafeValueError("workers", "none")
    return "\n".join([
        "; Made by `renkei asterisk config`; changes belong there.",
        "[general]\nstatic=yes\nwriteprotect=yes\nclearglobalvars=yes\n",
        _arrival(),
        _entry(workers),
        _FALLBACK,
        _ENDINGS,
        f'#tryinclude "{names.safe_path(data_dir)}/asterisk/rules.conf"\n',
    ])  # fmt: skip


_IS_HIDDEN = '"${CALLERID(pres):0:6}" = "prohib" | ("${RENKEI_WISH}" != "" & "${RENKEI_WISH}" != "none")'
"""Whether the caller hides: asked again of the record, so that what was hidden from us is not read back from there."""


def _arrival() -> str:
    """FILTER leaves only what a number is made of before anything is looked up by it; the number as it was dialled is
    kept beside it for us, and is never evaluated."""
    return "\n".join([
        f"[{names.TRUNK}]",
        f"exten => _[+0-9].,1,Set({names.CALLED}=${{EXTEN}})",
        f" same => n,Set({names.PRIVACY}=${{PJSIP_HEADER(read,Privacy)}})",
        " same => n,Set(RENKEI_DIGITS=${FILTER(+0-9,${EXTEN})})",
        " same => n,Set(CDR(renkei_dialled)=${RENKEI_DIGITS})",
        f" same => n,Set(RENKEI_WISH=${{FILTER(a-zA-Z,${{{names.PRIVACY}}})}})",
        f" same => n,Set(CDR(renkei_hidden)=${{IF($[{_IS_HIDDEN}]?yes:)}})",
        " same => n,Goto(renkei-entry,s,1)",
        "",
    ])  # fmt: skip


def _entry(workers: tuple[str, ...]) -> str:
    count = len(workers)
    numbers = f"{names.NUMBERS},${{RENKEI_DIGITS}},1"
    lines = [
        "[renkei-entry]",
        f"exten => s,1,Set({names.FALLBACK}={names.BUSY})",
        f" same => n,GosubIf($[${{DIALPLAN_EXISTS({numbers})}}]?{numbers})",
        f" same => n,Set(RENKEI_PICK=${{RAND(1,{count})}})",
        " same => n,Set(RENKEI_TRIES=0)",
        f" same => n(next),GotoIf($[${{RENKEI_TRIES}} >= {count}]?renkei-fallback,s,1)",
        " same => n,Set(RENKEI_TRIES=$[${RENKEI_TRIES} + 1])",
        f" same => n,Set(RENKEI_PICK=$[${{RENKEI_PICK}} % {count} + 1])",
        f" same => n,Set({names.NET}={FIRST_NET_SECONDS})",
        " same => n,Goto(worker${RENKEI_PICK})",
    ]
    for position, worker in enumerate(workers, start=1):
        enter = f"Stasis({names.safe_app(worker)},inbound,${{RENKEI_TRIES}})"
        lines += [f" same => n(worker{position}),{enter}", " same => n,Goto(left)"]
    lines += [
        f" same => n(left),Set({names.NET}=0)",
        ' same => n,GotoIf($["${STASISSTATUS}" = "FAILED"]?next)',
        " same => n,Hangup()",
        "exten => T,1,Goto(s,next)",
        "",
    ]
    return "\n".join(lines)


_FALLBACK = f"""\
[renkei-fallback]
exten => s,1,Set({names.NET}=0)
 same => n,Set(CDR(userfield)=fallback:${{{names.FALLBACK}}})
 same => n,Goto({names.RUN},s,1)

[{names.RUN}]
exten => s,1,Set({names.NET}=0)
 same => n,GotoIf($[${{DIALPLAN_EXISTS(renkei-${{{names.FALLBACK}}},s,1)}}]?renkei-${{{names.FALLBACK}}},s,1)
 same => n,Goto(renkei-{names.BUSY},s,1)
"""

_ENDINGS = f"""\
[renkei-{names.BUSY}]
exten => s,1,GotoIf($["${{CHANNEL(state)}}" = "Up"]?up)
 same => n,Hangup(17)
 same => n(up),Playtones(busy)
 same => n,Wait(5)
 same => n,Hangup(17)

[renkei-end]
exten => s,1,GotoIf($["${{CHANNEL(state)}}" = "Up"]?up)
 same => n,Hangup(19)
 same => n(up),Hangup(16)

[{names.PHONES}]
exten => _X.,1,Hangup(21)
"""
