"""The API as a whole: its routers, its key, its description."""

from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from renkei import __version__
from renkei.api.histories import router
from renkei.api.keys import ApiKeyBearer, any_key, lock_of
from renkei.api.refusals import describe_refusals, refuse_well


class DescribedAPI(NinjaAPI):
    """django-ninja's description, with the right each operation needs and what each refusal means."""

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        """The OpenAPI document as plain data."""
        document = super().get_openapi_schema(**given)
        rights = {operation.view_func.__name__: lock_of(operation.view_func) for operation in self._operations()}
        for verbs in document["paths"].values():
            for described in verbs.values():
                right = rights[described["operationId"]]
                described["description"] = f"{described['description']}\n\nThe key needs the right `{right}`."
                describe_refusals(described["responses"])
        del document["servers"]
        return document

    def get_openapi_operation_id(self, operation: Any) -> str:
        """The function's own name: unique, and short in what is generated from it."""
        return str(operation.view_func.__name__)

    def _operations(self) -> list[Any]:
        return [
            operation
            for _prefix, router in self._routers
            for view in router.path_operations.values()
            for operation in view.operations
        ]


api = DescribedAPI(
    title="Renkei",
    version=__version__,
    description=(
        "Histories for other systems. Keys are made under システム設定 > APIキー and sent as "
        "`Authorization: Bearer rk_…`; a key reaches every row its rights allow, and each chat it reads is written "
        "down. Times carry a zone."
    ),
    auth=ApiKeyBearer(),
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
api.add_router("", router)
refuse_well(api)


@api.get("/openapi.json", include_in_schema=False)
@any_key
def description(request: HttpRequest) -> dict[str, Any]:
    """This document. It asks for a key, as everything here: a stranger need not learn what runs, or which version."""
    return api.get_openapi_schema()
