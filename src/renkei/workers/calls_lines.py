"""Which telephone line this worker is on, and which telephones it must know."""

import secrets

from renkei.queries.realtime.snapshot import Snapshot
from renkei.settings import Config, LineKind
from renkei.telephony.asterisk.line import AsteriskLine
from renkei.telephony.port import Line, Phone
from renkei.telephony.simulator import SimulatedLine


def open_line(config: Config) -> Line:
    """The line that the settings name; nothing is connected yet."""
    if config.line is LineKind.SIMULATOR:
        return SimulatedLine()
    return AsteriskLine(
        url=config.ari_url,
        user=config.ari_user,
        password=config.ari_password.get_secret_value(),
        app=config.worker_name,
        data_dir=config.data_dir,
        records=config.asterisk_records,
    )


def phones_of(snapshot: Snapshot) -> tuple[Phone, ...]:
    """The agents' telephones. One without a password yet gets one that nobody knows: it can be rung by nobody."""
    return tuple(
        Phone(device.extension, device.name, device.password or secrets.token_urlsafe(24))
        for device in snapshot.devices
    )
