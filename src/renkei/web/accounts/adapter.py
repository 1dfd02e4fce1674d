"""What we ask of allauth differently."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from renkei.actions.accounts import tell_sessions_ended


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Nobody signs up by themselves: administrators make accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def logout(self, request: HttpRequest) -> None:
        """Sign out, and let this person's open streams ask again who may stay."""
        user_id = request.user.pk
        super().logout(request)
        if user_id is not None:
            tell_sessions_ended(user_id)
