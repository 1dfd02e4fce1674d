"""allauth's form for a security key, whose one label it leaves in English."""

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.utils.translation import gettext_lazy as _


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A new security key and the name its owner knows it by."""

    def __init__(self, *positional: object, **options: object) -> None:
        super().__init__(*positional, **options)
        self.fields["name"].label = _("Name")
