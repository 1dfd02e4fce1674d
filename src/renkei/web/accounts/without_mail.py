"""The library's pages that need a mail server or let people sign up by themselves do not exist here."""

from django.http import HttpRequest, HttpResponse

from renkei.errors import RejectedError
from renkei.web.locks import open_to_all


@open_to_all  # there is nothing behind it
def without_mail(request: HttpRequest, *args: str) -> HttpResponse:
    """Not found: administrators make accounts and set passwords anew."""
    raise RejectedError("not_found")
