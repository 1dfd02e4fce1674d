"""Answers of the machine-facing routes: JSON, never kept by a cache, an error with its code and its sentence."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from renkei.messages import sentence

_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def answer(content: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A JSON object."""
    return JSONResponse(dict(content), status_code=status, headers={**_HEADERS, **(headers or {})})


def refuse(
    status: int, code: str, *, headers: Mapping[str, str] | None = None, params: Mapping[str, Any] | None = None
) -> JSONResponse:
    """``{"error": {"code", "message"}}``: what went wrong, for programs and for people."""
    error = {"code": code, "message": sentence(code, params)}
    return answer({"error": error}, status=status, headers=headers)
