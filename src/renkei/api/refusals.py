"""How an operation says no: one shape for every refusal, the same as that of the realtime API."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import override
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, ValidationError

from renkei.errors import RejectedError
from renkei.messages import sentence

_STATUS = {"forbidden": 403, "not_found": 404, "feature_off": 403, "bad_cursor": 400}
_EXAMPLES: Mapping[int, tuple[str, Mapping[str, Any], str]] = {
    400: ("bad_cursor", {}, "The cursor is not one of ours, or is from another question: begin again without it."),
    401: ("api_key_required", {}, "There is no API key, or none that is valid (any more)."),
    403: ("forbidden", {}, "The key does not hold the right, or the option is switched off (`feature_off`)."),
    404: ("not_found", {}, "There is no such row, or the key does not reach it."),
    422: ("bad_field", {"field": "size"}, "A parameter cannot be read; the message names it."),
}


class Refused(Schema):
    """What went wrong: ``code`` for programs, ``message`` for people, in the language the request accepts."""

    code: str
    message: str


class Refusal(Schema):
    """The body of every answer that is no success."""

    error: Refused


def refusals(*more: int) -> dict[int, type[Refusal]]:
    """Responses of an operation besides its success: 401, 403, 422 and ``more``."""
    return dict.fromkeys(sorted({401, 403, 422, *more}), Refusal)


def describe_refusals(responses: Mapping[int, Any]) -> None:
    """Give each refusal of a described operation its meaning and an example, in English; changes ``responses``."""
    for status, response in responses.items():
        if status in _EXAMPLES:
            code, params, meaning = _EXAMPLES[status]
            response["description"] = meaning
            with override("en"):
                response["content"]["application/json"]["example"] = _body(code, params)


def refuse_well(api: NinjaAPI) -> None:
    """Let every refusal of this API take the published shape."""

    @api.exception_handler(RejectedError)
    def rejected(request: HttpRequest, error: RejectedError) -> HttpResponse:
        status = _STATUS.get(error.code, 409)
        return api.create_response(request, _body(error.code, error.params), status=status)

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        response = api.create_response(request, _body("api_key_required", {}), status=401)
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(ValidationError)
    def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
        names = [str(each["loc"][-1]) for each in error.errors if each.get("loc")]
        return api.create_response(request, _body("bad_field", {"field": ", ".join(names) or "?"}), status=422)


def _body(code: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": sentence(code, params)}}
