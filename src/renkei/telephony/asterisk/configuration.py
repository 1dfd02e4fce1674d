"""The configuration files of an Asterisk that works with Renkei; ``renkei asterisk config`` writes them.

Proven with Asterisk 22; only what 20, 22 and 23 share is used. Why each line is there: docs/operating/asterisk.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from renkei.telephony.asterisk import names
from renkei.telephony.asterisk.dialplan import write_dialplan


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskSetup:
    """What a place decides about its Asterisk. Paths are absolute, as Asterisk sees them."""

    workers: tuple[str, ...] = ("renkei-1",)
    """The calls workers' names, which are their ARI applications."""
    ari_user: str = "renkei"
    ari_password: str
    http_host: str = "127.0.0.1"
    http_port: int = 8088
    """ARI and the browsers' WebSocket (``/ws``)."""
    tls_port: int | None = None
    tls_cert: str = ""
    tls_key: str = ""
    sip_host: str = "0.0.0.0"  # noqa: S104  # telephones and trunks come from outside
    sip_port: int = 5060
    trunk_hosts: tuple[str, ...] = ()
    """Where calls from outside come from: the provider's addresses, never a network with telephones in it."""
    public_address: str = ""
    """Our own address as outsiders see it, where a router translates it."""
    rtp_first: int = 10000
    rtp_last: int = 20000
    data_dir: str = "/var/lib/renkei"

    @property
    def media_dir(self) -> str:
        """Where guidance lies."""
        return f"{self.data_dir}/media"


def write_configuration(setup: AsteriskSetup) -> Mapping[str, str]:
    """Every file by its name. Raises UnsafeValueError for a value that must not stand in a configuration file."""
    names.safe_path(setup.data_dir)
    return {
        "extensions.conf": write_dialplan(setup.workers, data_dir=setup.data_dir),
        "pjsip.conf": _pjsip(setup),
        "sorcery.conf": _SORCERY,
        "ari.conf": _ari(setup),
        "http.conf": _http(setup),
        "rtp.conf": f"[general]\nrtpstart={setup.rtp_first}\nrtpend={setup.rtp_last}\nicesupport=yes\n",
        "musiconhold.conf": f"[{names.MUSIC}]\nmode=files\ndirectory={setup.media_dir}/music\n",
        "indications.conf": _INDICATIONS,
        "cdr.conf": "[general]\nenable=yes\nunanswered=yes\nbatch=no\n",
        "cdr_custom.conf": _CDR,
        "modules.conf": _MODULES,
        "logger.conf": _LOGGER,
    }


def _pjsip(setup: AsteriskSetup) -> str:
    host = names.safe_host(setup.sip_host)
    outside = ""
    if setup.public_address:
        address = names.safe_host(setup.public_address)
        outside = f"external_signaling_address={address}\nexternal_media_address={address}\n"
    transports = f"[udp]\ntype=transport\nprotocol=udp\nbind={host}:{setup.sip_port}\n{outside}\n"
    transports += f"[ws]\ntype=transport\nprotocol=ws\nbind={host}\n{outside}\n"
    if setup.tls_port is not None:
        transports += f"[wss]\ntype=transport\nprotocol=wss\nbind={host}\n{outside}\n"
    matches = "".join(f"match={names.safe_host(trunk)}\n" for trunk in setup.trunk_hosts)
    identify = f"[{names.TRUNK}]\ntype=identify\nendpoint={names.TRUNK}\n{matches}\n" if matches else ""
    return f"{_PJSIP_GLOBAL}{transports}{_TRUNK}{identify}"


def _ari(setup: AsteriskSetup) -> str:
    variables = ",".join(names.CHANNEL_VARIABLES)
    user, password = names.safe_word(setup.ari_user), names.safe_word(setup.ari_password)
    return (
        f"[general]\nenabled=yes\npretty=no\nchannelvars={variables}\n\n"
        f"[{user}]\ntype=user\nread_only=no\npassword_format=plain\npassword={password}\n"
    )


def _http(setup: AsteriskSetup) -> str:
    text = (
        f"[general]\nenabled=yes\nenable_static=no\nbindaddr={names.safe_host(setup.http_host)}\n"
        f"bindport={setup.http_port}\nsessionlimit=2000\nsession_keep_alive=60000\n"
    )
    if setup.tls_port is not None:
        cert, key = names.safe_path(setup.tls_cert), names.safe_path(setup.tls_key)
        text += (
            f"tlsenable=yes\ntlsbindaddr={names.safe_host(setup.sip_host)}:{setup.tls_port}\n"
            f"tlscertfile={cert}\ntlsprivatekey={key}\n"
        )
    return text


_PJSIP_GLOBAL = """\
[global]
type=global
user_agent=Renkei
ignore_uri_user_options=yes

"""

# Its own source address tells the trunk from a telephone: an identify by an address that browsers share would take
# their registrations for the trunk's. Only a trunk's P-Asserted-Identity is believed.
_TRUNK = f"""\
[{names.TRUNK}]
type=endpoint
context={names.TRUNK}
disallow=all
allow=ulaw,alaw
direct_media=no
trust_id_inbound=yes
rtp_symmetric=yes
force_rport=yes
dtmf_mode=auto
allow_transfer=no
language=ja

"""

# The trunk stands in pjsip.conf; the agents' telephones are pushed through ARI into Asterisk's own database, so that
# they are there without us and after its restart. The cache before it spares a reading, and a line in the log, at every
# look at a telephone; what we push goes into both.
_SORCERY = """\
[res_pjsip]
endpoint=config,pjsip.conf,criteria=type=endpoint
endpoint/cache=memory_cache,expire_on_reload=yes
endpoint=astdb,pjsip_endpoint
auth=config,pjsip.conf,criteria=type=auth
auth/cache=memory_cache,expire_on_reload=yes
auth=astdb,pjsip_auth
aor=config,pjsip.conf,criteria=type=aor
aor/cache=memory_cache,expire_on_reload=yes
aor=astdb,pjsip_aor
"""

_INDICATIONS = """\
[general]
country=jp

[jp]
description=Japan
ringcadence=1000,2000
dial=400
busy=400/500,0/500
ring=400+15/1000,0/2000
congestion=400/500,0/500
callwaiting=400+16/500,0/8000
record=1400/500,0/15000
info=!950/330,!1400/330,!1800/330,0
"""

# Read back after we were away: calls that only Asterisk saw. uniqueid is the key, so reading twice is harmless.
_CDR = """\
[mappings]
renkei.csv => ${CSV_QUOTE(${CDR(uniqueid)})},${CSV_QUOTE(${CDR(linkedid)})},${CSV_QUOTE(${CDR(src)})},\
${CSV_QUOTE(${CDR(renkei_dialled)})},${CSV_QUOTE(${CDR(start,u)})},${CSV_QUOTE(${CDR(answer,u)})},${CSV_QUOTE(${CDR(end,u)})},\
${CSV_QUOTE(${CDR(disposition)})},${CSV_QUOTE(${CDR(userfield)})},${CSV_QUOTE(${CDR(renkei_hidden)})}
"""

_NOT_WANTED = """
res_resolver_unbound res_hep res_hep_pjsip res_hep_rtcp pbx_dundi pbx_ael pbx_lua pbx_realtime pbx_spool
chan_iax2 chan_unistim chan_motif chan_console chan_audiosocket chan_websocket res_xmpp res_snmp res_phoneprov
res_adsi res_smdi res_fax res_fax_spandsp res_calendar app_voicemail app_voicemail_odbc app_minivm app_meetme
app_jack app_festival app_externalivr app_system app_sms app_alarmreceiver app_amd app_dictate app_queue
func_shell func_odbc cdr_csv cdr_manager cdr_odbc cdr_pgsql cdr_radius cdr_sqlite3_custom cdr_tds
cdr_adaptive_odbc cel_custom cel_manager cel_odbc cel_pgsql cel_radius cel_sqlite3_custom cel_tds
res_config_odbc res_config_pgsql res_config_sqlite3 res_config_ldap res_config_curl res_odbc
res_pjsip_phoneprov_provider res_pjsip_config_wizard res_stun_monitor res_prometheus res_statsd res_aeap
res_speech_aeap res_geolocation res_pjsip_geolocation res_calendar_caldav res_calendar_ews res_calendar_exchange
res_calendar_icalendar res_odbc_transaction res_parking res_pjsip_notify res_clialiases res_stir_shaken
res_pjsip_stir_shaken app_agent_pool app_confbridge app_followme app_page app_adsiprog app_getcpeid
"""
"""Modules that nothing of ours uses: what is not loaded cannot be attacked, and does not fill the log."""
_MODULES = "[modules]\nautoload=yes\n" + "".join(f"noload=>{module}.so\n" for module in _NOT_WANTED.split())

# Malformed SIP makes one warning a packet: the queue is bounded and the file is turned over by size (logrotate, or
# `asterisk -rx "logger rotate"`), never grown without end.
_LOGGER = """\
[general]
dateformat=%F %T.%3q
rotatestrategy=rotate
logger_queue_limit=1000

[logfiles]
console => error
messages.log => notice,warning,error
"""
