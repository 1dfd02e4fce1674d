"""Takes away what nobody needs any longer; each purge is harmless when repeated."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import connection, transaction

from renkei import clock
from renkei.models import OneTimeSignIn, StreamEvent

STREAM_EVENTS_LAST = timedelta(hours=24)


@transaction.atomic
def purge_stream_events() -> int:
    """Events older than a day; a page that was away longer loads its state anew. Returns how many went."""
    gone, _ = StreamEvent.objects.filter(at__lt=clock.now() - STREAM_EVENTS_LAST).delete()
    return gone


@transaction.atomic
def purge_sign_ins() -> int:
    """Sessions, one-time sign-ins and counted attempts that have run out. Returns how many went."""
    sessions, _ = Session.objects.filter(expire_date__lt=clock.now()).delete()
    tokens, _ = OneTimeSignIn.objects.filter(expires_at__lt=clock.now()).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM renkei_attempt WHERE expires < %s", [clock.now()])
        attempts = int(cursor.rowcount)
    return int(sessions + tokens + attempts)
