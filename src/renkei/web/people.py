"""Who sits in front of a page."""

from django.http import HttpRequest

from renkei.queries.scope import Person


def person_of(request: HttpRequest) -> Person:
    """The signed-in person of a view behind a lock."""
    assert request.user.is_authenticated
    return request.user
