"""Every chat system we know, one line each."""

from renkei.connectors import described, standard
from renkei.connectors.contract import Connector

CONNECTORS: tuple[Connector, ...] = (
    described.connector("dec_support"),
    described.connector("smart_m_talk"),
    standard.CONNECTOR,
)

_BY_NAME = {connector.name: connector for connector in CONNECTORS}


def get_connector(name: str) -> Connector:
    """Return the connector of that stored name; KeyError where there is none."""
    return _BY_NAME[name]
