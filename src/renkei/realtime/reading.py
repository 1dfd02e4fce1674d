"""Reading what strangers send, with a limit."""

from starlette.requests import Request


class TooMuchError(Exception):
    """The body is longer than anybody needs."""


async def read_body(request: Request, most: int) -> bytes:
    """The whole body, or TooMuchError as soon as it is too long; ClientDisconnect when the sender goes."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise TooMuchError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooMuchError
    return bytes(body)


def client_of(request: Request) -> str:
    """Whose bucket a knock is taken from."""
    return request.client.host if request.client else "unknown"
