"""The tables. Other layers import them from here; interfaces never do."""

from renkei.models.accounts import ApiKey, OneTimeSignIn, SignInAttempt, User
from renkei.models.agents import Agent, BusinessGroup, CtiPreference, Presence
from renkei.models.audit import AuditEntry
from renkei.models.calls import Call, CallCommand, CallRing, ChatLink, ExternalApiCall, IvrStep, SimulatedAction, Worker
from renkei.models.chats import ChatConversation, ChatDelivery, ChatMessage
from renkei.models.connection_tests import ConnectionTest
from renkei.models.installation import Installation
from renkei.models.line import (
    BusinessLabel,
    ChatbotLinkage,
    Guidance,
    IncomingRule,
    Ivr,
    PhoneNumber,
    ResponseBranch,
)
from renkei.models.stream import StreamEvent, StreamHead
from renkei.models.telephone_system import PastCallsBookmark, RulesTold

__all__ = [
    "Agent",
    "ApiKey",
    "AuditEntry",
    "BusinessGroup",
    "BusinessLabel",
    "Call",
    "CallCommand",
    "CallRing",
    "ChatConversation",
    "ChatDelivery",
    "ChatLink",
    "ChatMessage",
    "ChatbotLinkage",
    "ConnectionTest",
    "CtiPreference",
    "ExternalApiCall",
    "Guidance",
    "IncomingRule",
    "Installation",
    "Ivr",
    "IvrStep",
    "OneTimeSignIn",
    "PastCallsBookmark",
    "PhoneNumber",
    "Presence",
    "ResponseBranch",
    "RulesTold",
    "SignInAttempt",
    "SimulatedAction",
    "StreamEvent",
    "StreamHead",
    "User",
    "Worker",
]
