"""The tables. Other layers import them from here; interfaces never do."""

from renkei.models.accounts import ApiKey, OneTimeSignIn, SignInAttempt, User
from renkei.models.agents import Agent, BusinessGroup, CtiPreference, Presence
from renkei.models.audit import AuditEntry
from renkei.models.calls import Call, CallCommand, CallRing, ChatLink, ExternalApiCall, IvrStep, SimulatedAction, Worker
from renkei.models.chats import ChatConversation, ChatDelivery, ChatMessage
from renkei.models.connection_tests import ChatSettingTest, ConnectionTest
from renkei.models.crm import (
    Case,
    Customer,
    Interaction,
    InteractionMessage,
    InteractionRevision,
    SnsAgent,
    SnsCustomer,
)
from renkei.models.imports import (
    ChatSetting,
    ChatTombstone,
    ImportRun,
    ImportService,
    InboxCount,
    InboxItem,
    InteractionTemplate,
    OutboxEvent,
    Reconciliation,
)
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
from renkei.models.merges import CustomerMerge
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
    "Case",
    "ChatConversation",
    "ChatDelivery",
    "ChatLink",
    "ChatMessage",
    "ChatSetting",
    "ChatSettingTest",
    "ChatTombstone",
    "ChatbotLinkage",
    "ConnectionTest",
    "CtiPreference",
    "Customer",
    "CustomerMerge",
    "ExternalApiCall",
    "Guidance",
    "ImportRun",
    "ImportService",
    "InboxCount",
    "InboxItem",
    "IncomingRule",
    "Installation",
    "Interaction",
    "InteractionMessage",
    "InteractionRevision",
    "InteractionTemplate",
    "Ivr",
    "IvrStep",
    "OneTimeSignIn",
    "OutboxEvent",
    "PastCallsBookmark",
    "PhoneNumber",
    "Presence",
    "Reconciliation",
    "ResponseBranch",
    "RulesTold",
    "SignInAttempt",
    "SimulatedAction",
    "SnsAgent",
    "SnsCustomer",
    "StreamEvent",
    "StreamHead",
    "User",
    "Worker",
]
