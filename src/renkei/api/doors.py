"""The API as a whole: its routers, its key, and refusals as JSON with a code and a sentence."""

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from renkei import __version__
from renkei.api.histories import router
from renkei.api.keys import ApiKeyBearer
from renkei.errors import RejectedError
from renkei.messages import say

_STATUS = {"forbidden": 403, "not_found": 404, "feature_off": 403, "bad_cursor": 400}

api = NinjaAPI(
    title="Renkei",
    version=__version__,
    description="Histories for other systems. Each operation needs an API key with the right it names.",
    auth=ApiKeyBearer(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
api.add_router("", router)


@api.exception_handler(RejectedError)
def refuse(request: HttpRequest, error: RejectedError) -> HttpResponse:
    """``{"code": …, "message": …}`` with a status that says whose fault it is."""
    status = _STATUS.get(error.code, 409)
    return api.create_response(request, {"code": error.code, "message": say(error)}, status=status)
