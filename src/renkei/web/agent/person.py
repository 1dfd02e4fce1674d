"""Who sits at the desk, typed: behind a lock somebody is always signed in."""

from django.http import HttpRequest

from renkei.queries.desk import Person


def person_of(request: HttpRequest) -> Person:
    """The person; only behind a lock."""
    assert request.user.is_authenticated
    return request.user
