"""A person's own language and appearance."""

from renkei.errors import RejectedError
from renkei.models import User


def choose_language(actor: User, language: str) -> None:
    """Remember the language; RejectedError for one we do not speak."""
    if language not in dict(User._meta.get_field("language").flatchoices):
        raise RejectedError("wrong_type")
    User.objects.filter(pk=actor.pk).update(language=language)


def choose_theme(actor: User, theme: str) -> None:
    """Remember light, dark or auto."""
    if theme not in dict(User._meta.get_field("theme").flatchoices):
        raise RejectedError("wrong_type")
    User.objects.filter(pk=actor.pk).update(theme=theme)
