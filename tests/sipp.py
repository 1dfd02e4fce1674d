"""Callers and plain telephones played by SIPp: real SIP and real RTP over loopback, told step by step what to do."""

import asyncio
import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.asterisk_rig import TRUNK, free_port

_PR_SET_PDEATHSIG = 1
WAIT, PRESS, HANG_UP, WAIT_FOR_END, SPEAK = "wait", "press", "hang_up", "wait_for_end", "speak"


@dataclass(frozen=True, slots=True)
class CallerLooks:
    """What the INVITE says of its sender. ``identity`` is a whole P-Asserted-Identity, ``extra`` whole header lines."""

    sender: str = '"" <sip:09012345678@127.0.0.2>'
    identity: str = ""
    privacy: str = ""
    extra: tuple[str, ...] = ()


class Sipp:
    """One SIPp process with one call. ``messages`` is its log of every message."""

    def __init__(self, scenario: str, *, host: str, remote: str = "", options: Sequence[str] = ()) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rk-sipp-", dir="/tmp"))
        self.port, self.host = free_port(socket.SOCK_DGRAM), host
        self.call_id = f"renkei-{secrets.token_hex(8)}"
        self.messages = self.folder / "messages"
        (self.folder / "scenario.xml").write_text(scenario, encoding="utf-8", errors="surrogateescape")
        (self.folder / "voice.ulaw").write_bytes(b"\x80\x00" * 8000)
        # Telephones echo what they hear. Callers must not: two echoes make one packet circle for ever.
        options = [*options, *([] if remote else ["-rtp_echo"])]
        prctl = ctypes.CDLL(None).prctl
        command = [
            "sipp", *([remote] if remote else []), "-sf", "scenario.xml", "-i", host, "-p", str(self.port), "-m", "1",
            "-mp", str(free_port(socket.SOCK_DGRAM)), "-cid_str", self.call_id, "-trace_msg", "-message_file",
            "messages", "-trace_err", "-error_file", "errors", "-nostdin", "-timeout", "200s", *options,
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
        )  # fmt: skip

    def go_on(self) -> None:
        """Let a caller that waits take its next step: a word inside its own dialogue."""
        word = (
            f"INFO sip:sipp@{self.host} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{secrets.token_hex(4)}\r\n"
            f"From: <sip:test@127.0.0.1>;tag=1\r\nTo: <sip:sipp@{self.host}>\r\nCall-ID: {self.call_id}\r\n"
            "CSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(word.encode(), (self.host, self.port))

    async def wait(self, seconds: float = 20) -> bool:
        """Wait until it has ended; True when everything went as its scenario says."""
        async with asyncio.timeout(seconds):
            while self.process.poll() is None:
                await asyncio.sleep(0.01)
        return self.process.returncode == 0

    async def wait_for(self, text: str, seconds: float = 10) -> str:
        """Wait until ``text`` stands in the messages, and return them."""
        async with asyncio.timeout(seconds):
            while text not in (log := self.log()):
                await asyncio.sleep(0.01)
        return log

    def log(self) -> str:
        """Every message so far, sent and received."""
        with contextlib.suppress(FileNotFoundError):
            return self.messages.read_text(encoding="utf-8", errors="replace")
        return ""

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if os.environ.get("RENKEI_TEST_KEEP_SIPP"):
            return
        shutil.rmtree(self.folder, ignore_errors=True)


# ── scenarios ─────────────────────────────────────────────────────────────────────────────────────────────────

_SDP = """
v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
"""
_DIALOGUE = """
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {sender};tag=[call_number]
To: <sip:{dialled}@[remote_ip]>{tag}
Call-ID: [call_id]
CSeq: {number} {method}
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
"""


def caller_scenario(dialled: str, looks: CallerLooks, steps: Sequence[str]) -> str:
    """A caller who is answered and then takes ``steps``: speak (from now on), wait (for go_on), press:5,
    hang_up, wait_for_end."""
    head = _DIALOGUE.format(sender=looks.sender, dialled=dialled, tag="", number=1, method="INVITE")
    lines = [*looks.extra]
    if looks.identity:
        lines.append(f"P-Asserted-Identity: {looks.identity}")
    if looks.privacy:
        lines.append(f"Privacy: {looks.privacy}")
    more = "".join(f"{line}\n" for line in lines)
    invite = f"INVITE sip:{dialled}@[remote_ip]:[remote_port] SIP/2.0{head}{more}Content-Type: application/sdp\n"
    body = [
        _send(invite + "Content-Length: [len]\n" + _SDP),
        '<recv response="100" optional="true"/>',
        '<recv response="180" optional="true"/>',
        '<recv response="183" optional="true"/>',
        '<recv response="200" rtd="true" rrs="true"/>',
        _send(f"ACK [next_url] SIP/2.0{_within(looks, dialled, 1, 'ACK')}Content-Length: 0\n"),
    ]
    for number, step in enumerate(steps, start=2):
        body += _caller_step(step, looks, dialled, number)
    return _scenario(body)


def _caller_step(step: str, looks: CallerLooks, dialled: str, number: int) -> list[str]:
    kind, _, what = step.partition(":")
    if kind == SPEAK:
        return ['<nop><action><exec rtp_stream="voice.ulaw,-1,0"/></action></nop>']
    if kind == WAIT:
        return ['<recv request="INFO"/>']
    if kind == PRESS:
        info = f"INFO [next_url] SIP/2.0{_within(looks, dialled, number, 'INFO')}"
        info += "Content-Type: application/dtmf-relay\nContent-Length: [len]\n"
        return [_send(f"{info}\nSignal={what}\nDuration=160\n"), '<recv response="200"/>']
    if kind == HANG_UP:
        bye = f"BYE [next_url] SIP/2.0{_within(looks, dialled, number, 'BYE')}Content-Length: 0\n"
        return [_send(bye), '<recv response="200"/>']
    return ['<recv request="BYE"/>', _send(_reply("200 OK"))]


def refused_scenario(dialled: str, looks: CallerLooks, status: int) -> str:
    """A caller who is never answered but refused with ``status``."""
    head = _DIALOGUE.format(sender=looks.sender, dialled=dialled, tag="", number=1, method="INVITE")
    privacy = f"Privacy: {looks.privacy}\n" if looks.privacy else ""
    invite = f"INVITE sip:{dialled}@[remote_ip]:[remote_port] SIP/2.0{head}{privacy}Content-Type: application/sdp\n"
    ack = head.replace("INVITE", "ACK").replace("[branch]", "[branch-4]")
    ack = ack.replace("@[remote_ip]>", "@[remote_ip]>[peer_tag_param]")
    return _scenario([
        _send(invite + "Content-Length: [len]\n" + _SDP),
        '<recv response="100" optional="true"/>',
        '<recv response="180" optional="true"/>',
        f'<recv response="{status}"/>',
        _send(f"ACK sip:{dialled}@[remote_ip]:[remote_port] SIP/2.0{ack}Content-Length: 0\n"),
    ])  # fmt: skip


def cancelling_scenario(dialled: str, looks: CallerLooks) -> str:
    """A caller who waits for go_on before anybody has answered, and then cancels."""
    head = _DIALOGUE.format(sender=looks.sender, dialled=dialled, tag="", number=1, method="INVITE")
    invite = f"INVITE sip:{dialled}@[remote_ip]:[remote_port] SIP/2.0{head}Content-Type: application/sdp\n"
    cancel = head.replace("INVITE", "CANCEL").replace("[branch]", "[branch-4]")
    ack = head.replace("INVITE", "ACK").replace("[branch]", "[branch-8]")
    return _scenario([
        _send(invite + "Content-Length: [len]\n" + _SDP),
        '<recv response="100"/>',
        '<recv response="180" optional="true"/>',
        '<recv request="INFO"/>',
        _send(f"CANCEL sip:{dialled}@[remote_ip]:[remote_port] SIP/2.0{cancel}Content-Length: 0\n"),
        '<recv response="180" optional="true"/>',
        '<recv response="200"/>',
        '<recv response="487"/>',
        _send(f"ACK sip:{dialled}@[remote_ip]:[remote_port] SIP/2.0{ack}Content-Length: 0\n"),
    ])  # fmt: skip


def phone_scenario(*, answer_ms: int | None = 50, refuse: str = "", talk_ms: int | None = None) -> str:
    """An agent's telephone: rings, then answers after ``answer_ms`` (never when None) or refuses (``603 Decline``);
    hangs up ``talk_ms`` after answering, or waits for the end."""
    who = '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="peer"/>'
    is_hanging_up = talk_ms is not None
    action = f"<action>{who}</action>" if is_hanging_up else ""
    body = [f'<recv request="INVITE" rrs="true">{action}</recv>']
    if not refuse.startswith("486"):
        body.append(_send(_reply("180 Ringing")))
    if answer_ms is None and not refuse:
        body += ['<recv request="CANCEL"/>', _send(_reply("200 OK"))]
        body += [_send(_reply("487 Request Terminated").replace("[last_CSeq:]", "CSeq: [cseq] INVITE"))]
        body += ['<recv request="ACK"/>']
        return _scenario(body)
    if answer_ms:
        body.append(f'<pause milliseconds="{answer_ms}"/>')
    if refuse:
        return _scenario([*body, _send(_reply(refuse)), '<recv request="ACK"/>'])
    answer = _reply("200 OK").replace("Content-Length: 0\n", "Content-Type: application/sdp\nContent-Length: [len]\n")
    body += [_send(answer + _SDP), '<recv request="ACK"/>']
    if talk_ms is None:
        return _scenario([*body, '<recv request="BYE"/>', _send(_reply("200 OK"))])
    bye = (
        "BYE [next_url] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        "From: <sip:agent@[local_ip]>;tag=[call_number]\nTo: [$peer]\n"
        "Call-ID: [call_id]\nCSeq: 2 BYE\nMax-Forwards: 70\nContent-Length: 0\n"
    )
    return _scenario([*body, f'<pause milliseconds="{talk_ms}"/>', _send(bye), '<recv response="200"/>'])


def register_scenario(user: str, password: str) -> str:
    """A telephone that registers; anything but success is a failure."""
    register = (
        "REGISTER sip:[remote_ip] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        f"From: <sip:{user}@[remote_ip]>;tag=[call_number]\nTo: <sip:{user}@[remote_ip]>\nCall-ID: [call_id]\n"
        "CSeq: {number} REGISTER\nContact: <sip:phone@[local_ip]:[local_port]>\nMax-Forwards: 70\nExpires: 60\n"
    )
    login = f"[authentication username={user} password={password}]\n"
    return _scenario([
        _send(register.format(number=1) + "Content-Length: 0\n"),
        '<recv response="401" auth="true"/>',
        _send(register.format(number=2) + login + "Content-Length: 0\n"),
        '<recv response="200"/>',
    ])  # fmt: skip


def _within(looks: CallerLooks, dialled: str, number: int, method: str) -> str:
    return _DIALOGUE.format(sender=looks.sender, dialled=dialled, tag="[peer_tag_param]", number=number, method=method)


def _reply(status: str) -> str:
    return (
        f"SIP/2.0 {status}\n[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n"
        "Contact: <sip:[local_ip]:[local_port]>\nContent-Length: 0\n"
    )


def _send(message: str) -> str:
    safe = message.replace("]]>", "")
    return f"<send><![CDATA[\n{safe}\n]]></send>"


def _scenario(body: Sequence[str]) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="test">\n' + "\n".join(body) + "\n</scenario>\n"


def place_call(sip_port: int, dialled: str, *steps: str, looks: CallerLooks | None = None) -> Sipp:
    """Call a number through the trunk."""
    scenario = caller_scenario(dialled, looks or CallerLooks(), steps or (WAIT_FOR_END,))
    return Sipp(scenario, host=TRUNK, remote=f"127.0.0.1:{sip_port}")


__all__ = ["HANG_UP", "PRESS", "SPEAK", "WAIT", "WAIT_FOR_END", "CallerLooks", "Sipp", "place_call"]
