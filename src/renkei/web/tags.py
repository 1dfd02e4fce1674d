"""Template filters: times and lengths as people read them. Every template has them (settings.TEMPLATES, builtins)."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


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
