"""Our own published chat API (docs/connectors/standard.md): any chat system may push to us, answer us, or both.

Pushes are signed by Standard Webhooks; look-ups and the listing of completed conversations are a GET with a bearer
token.
"""

from dataclasses import dataclass
from functools import partial

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError, WebhookVerificationError

from renkei.connectors.asking import ask, describe_question, find_problem
from renkei.connectors.closed_reading import ClosedShape, make_record, read_closed
from renkei.connectors.contract import (
    ClosedContext,
    ClosedPage,
    ClosedQuestion,
    ClosedRecord,
    Connector,
    Delivery,
    FailureKind,
    Found,
    LookupContext,
    LookupFailure,
    LookupQuestion,
    LookupResult,
    setting,
)
from renkei.connectors.fetching import ClosedPaging, Listing, fetch_page
from renkei.connectors.reading import Shape, read_conversation, read_conversations
from renkei.domain.chat import Conversation
from renkei.domain.closed_chat import ClosedChat
from renkei.domain.extraction import ErrorRule
from renkei.domain.foreign_json import Json, read_json
from renkei.domain.recipe import Auth, AuthKind, Paging, Recipe, Value
from renkei.errors import BadSignatureError, MalformedPayloadError
from renkei.outbound import BreakerKey

CONVERSATION_UPDATED = "conversation.updated"
CONVERSATION_CLOSED = "conversation.closed"
LONGEST_ID = 200

SHAPE = Shape(
    project="project_id",
    channel="channel_id",
    phone="customer_phone",
    identified_at="phone_given_at",
)

_CODE = "$.error.code"
LOOKUP = Recipe(
    url="{{base_url}}/conversations",
    query=(("phone", "{{phone}}"), ("project", "{{project_id}}"), ("channel", "{{channel_id}}")),
    headers=(("accept", "application/json"),),
    auth=Auth(kind=AuthKind.BEARER, value="{{token}}"),
    paging=Paging(next_path="$.next", parameter="page"),
    errors=(
        ErrorRule(kind=FailureKind.BAD_PROJECT, path=_CODE, code="unknown_project"),
        ErrorRule(kind=FailureKind.BAD_CHANNEL, path=_CODE, code="unknown_channel"),
        ErrorRule(kind=FailureKind.NOT_FOUND, path=_CODE, code="not_found"),
        ErrorRule(kind=FailureKind.PROVIDER_ERROR, path=_CODE, code="internal_error"),
    ),
)

CLOSED_SHAPE = ClosedShape(
    status="status",
    states={"closed": True, "open": False},
    started_at="started_at",
    updated_at="updated_at",
    agent_id="agent.id",
    agent_name="agent.name",
    customer_id="customer.id",
    customer_name="customer.name",
    phone="customer.phone",
    email="customer.email",
    subject="subject",
    entrance="entrance",
    author="agent_id",
)
CLOSED = Listing(
    recipe=Recipe(
        url="{{call_url}}/closed-conversations",
        query=(("since", "{{since}}"), ("until", "{{until}}"), ("page", "{{page}}"), ("limit", "{{page_size}}")),
        optional=frozenset({"since", "until", "page"}),
        headers=(("accept", "application/json"),),
        auth=Auth(kind=AuthKind.BEARER, value="{{token}}"),
        errors=(
            ErrorRule(kind=FailureKind.SETTINGS_ERROR, path=_CODE, code="unknown_token"),
            ErrorRule(kind=FailureKind.NOT_FOUND, path=_CODE, code="not_found"),
            ErrorRule(kind=FailureKind.PROVIDER_ERROR, path=_CODE, code="internal_error"),
        ),
    ),
    shape=CLOSED_SHAPE,
    paging=ClosedPaging(
        next_path="$.next",
        page_size=500,
        steady=True,
        expired=ErrorRule(kind=FailureKind.NOT_FOUND, path=_CODE, code="page_expired"),
    ),
)


@dataclass(frozen=True, slots=True)
class LookupSettings:
    """Where to ask and how to know who pushes. Several signing keys are for changing from one to the next."""

    base_url: str = setting(
        label="API address",
        help=(
            "The beginning of the chat system's addresses, for example https://chat.example.jp/renkei/v1. "
            "Leave it empty when the chat system only pushes to us."
        ),
    )
    token: str = setting(label="API token", secret=True, help="Sent with each look-up as a bearer token.")
    signing_keys: str = setting(
        label="Signing keys",
        secret=True,
        help="The keys (whsec_…) with which the chat system signs what it sends to us, one on each line.",
    )


@dataclass(frozen=True, slots=True)
class ClosedChatSettings:
    """Where completed conversations are listed and how to know who pushes them; ``call_url`` is the setting's own."""

    call_url: str = setting(
        label="Call URL",
        help=(
            "The beginning of the chat system's addresses, for example https://chat.example.jp/renkei/v1. "
            "Leave it empty when the chat system only pushes to us."
        ),
    )
    token: str = setting(label="API token", secret=True, help="Sent with each request as a bearer token.")
    signing_keys: str = setting(
        label="Signing keys",
        secret=True,
        help="The keys (whsec_…) with which the chat system signs what it sends to us, one on each line.",
    )


async def find_by_phone(settings: LookupSettings, question: LookupQuestion, context: LookupContext) -> LookupResult:
    """Ask for the conversations of one number, project and channel."""
    problem = find_problem(question)
    if problem is not None:
        return LookupResult(problem)
    if not settings.base_url.strip():
        return LookupResult(_answer_unasked(settings))
    variables = describe_question(question) | {
        "base_url": Value.address(settings.base_url),
        "token": Value.secret(settings.token.strip()),
    }
    project, channel = variables["project_id"].text, variables["channel_id"].text
    read = partial(read_conversations, shape=SHAPE, project_id=project, channel_id=channel)
    key = BreakerKey.of(f"standard {settings.base_url}", project, credentials=settings.token)
    return await ask(LOOKUP, variables, read, key=key, context=context)


def _answer_unasked(settings: LookupSettings) -> Found | LookupFailure:
    """Without an address nobody is asked. A chat system that pushes has told us everything it knows already."""
    if settings.signing_keys.strip():
        return Found(())
    return LookupFailure(FailureKind.SETTINGS_ERROR, "address_missing")


def verify(settings: LookupSettings | ClosedChatSettings, delivery: Delivery) -> str:
    """Check a push against each key, in constant time and within five minutes; returns its id for the ledger.

    Raises BadSignatureError, whatever is wrong with the headers or the body.
    """
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    for key in settings.signing_keys.split():
        if _is_signed(key, headers, delivery.body):
            return headers["webhook-id"][:LONGEST_ID]
    raise BadSignatureError("bad_signature")


def _is_signed(key: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(key).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, EmptyWebhookSecretError, ValueError):  # ValueError: base64, UTF-8, no comma
        return False
    return True


def parse(delivery: Delivery) -> tuple[Conversation, ...]:
    """Read a verified push: the whole conversation as it is now. Other event types bring none and are no error."""
    document = read_json(delivery.body)
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        raise MalformedPayloadError("wrong_type", field="type")
    if document["type"] != CONVERSATION_UPDATED:
        return ()
    return (read_conversation(document.get("conversation"), SHAPE),)


async def closed_since(settings: ClosedChatSettings, question: ClosedQuestion, context: ClosedContext) -> ClosedPage:
    """One page of the listing, oldest change first. A system that only pushes has no address and is not asked."""
    if not settings.call_url.strip() and settings.signing_keys.strip():
        return ClosedPage(())
    entered = {"call_url": Value.address(settings.call_url), "token": Value.secret(settings.token.strip())}
    return await fetch_page(CLOSED, entered, question, context)


def parse_closed(payload: Json) -> ClosedChat | None:
    """Read one completed conversation, listed or pushed."""
    return read_closed(payload, CLOSED_SHAPE)


def parse_pushed(delivery: Delivery) -> tuple[ClosedRecord, ...]:
    """The conversation of a verified ``conversation.closed``. Other event types bring none and are no error."""
    document = read_json(delivery.body)
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        raise MalformedPayloadError("wrong_type", field="type")
    if document["type"] != CONVERSATION_CLOSED:
        return ()
    if "conversation" not in document:
        raise MalformedPayloadError("wrong_type", field="conversation")
    return (make_record(document["conversation"], CLOSED_SHAPE),)


CONNECTOR = Connector(
    name="standard",
    label="Chatbot linkage (standard chat API)",
    system="Standard chat API",
    lookup_settings=LookupSettings,
    find_by_phone=find_by_phone,
    verify=verify,
    parse=parse,
    closed_chat_settings=ClosedChatSettings,
    closed_since=closed_since,
    parse_closed=parse_closed,
    verify_closed=verify,
    parse_pushed=parse_pushed,
)
