"""Takes away what nobody needs any longer; each purge is harmless when repeated."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import transaction

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
    """Sessions and one-time sign-ins that have run out. Returns how many went."""
    sessions, _ = Session.objects.filter(expire_date__lt=clock.now()).delete()
    tokens, _ = OneTimeSignIn.objects.filter(expires_at__lt=clock.now()).delete()
    return sessions + tokens
