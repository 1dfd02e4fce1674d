"""Template filters: times and lengths as people read them. Every template has them (settings.TEMPLATES, builtins)."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

# In this order: each browser also names those it is like.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@register.filter
def stamp(at: datetime | None) -> SafeString | str:
    """``2025/01/31 09:05:07`` in the centre's zone (D19)."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), f"{local:%Y/%m/%d %H:%M:%S}")


@register.filter
def clock_time(at: datetime | None) -> SafeString | str:
    """``09:05:07`` in the centre's zone, where the day stands elsewhere."""
    if at is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), f"{timezone.localtime(at):%H:%M:%S}")


@register.filter
def length_of(length: timedelta | None) -> str:
    """``3:05`` or ``1:02:09``; empty without one."""
    if length is None:
        return ""
    minutes, seconds = divmod(max(0, int(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@register.filter
def device(user_agent: str) -> str:
    """``Chrome (Windows)`` of what a browser says of itself; what it is not known by is left out."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} ({system})" if browser and system else browser or system or _("Another program")
