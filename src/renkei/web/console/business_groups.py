"""業務管理 > 業務グループ: the list, making one, renaming, taking away; its page leads to 拡張設定 (R176)."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.business_groups import delete_group, save_group
from renkei.permissions import holds
from renkei.queries.settings.business_groups import list_groups, list_templates, read_group
from renkei.queries.settings.installation import Feature, read_installation
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.console.plain_screens import FormScreen, serve_form, take_away
from renkei.web.locks import may
from renkei.web.people import person_of


class GroupForm(ScreenForm):
    """One group."""

    name = forms.CharField(label=gettext_lazy("Business group"), max_length=80)


@require_GET
@may("business_group.view")
def business_groups(request: HttpRequest) -> HttpResponse:
    """The list."""
    context = {"groups": list_groups(person_of(request)), "has_import": _has_import()}
    return render(request, "console/business_groups.html", context)


@require_GET
@may("business_group.view")
def business_group(request: HttpRequest, row_id: int) -> HttpResponse:
    """One group with 拡張設定 > コール作成設定, as far as the option is on and the person may see them (D12)."""
    person = person_of(request)
    group = read_group(person, row_id)
    shows_templates = _has_import() and holds(person, "interaction_template.view")
    context = {
        "group": group,
        "shows_templates": shows_templates,
        "templates": list_templates(person, row_id) if shows_templates else (),
    }
    return render(request, "console/business_group.html", context)


@may("business_group.create")
def new_business_group(request: HttpRequest) -> HttpResponse:
    """Make one."""
    return _draw(request, None, GroupForm(sent(request)), _("New business group"))


@may("business_group.edit")
def edit_business_group(request: HttpRequest, row_id: int) -> HttpResponse:
    """Rename one."""
    shown = read_group(person_of(request), row_id)
    return _draw(request, row_id, GroupForm(sent(request), initial={"name": shown.name}), shown.name)


@require_POST
@may("business_group.delete")
def remove_business_group(request: HttpRequest, row_id: int) -> HttpResponse:
    """Take one away, or say that it is in use."""
    return take_away(request, lambda: delete_group(person_of(request), row_id), back="console:business_groups")


def _draw(request: HttpRequest, row_id: int | None, form: GroupForm, title: str) -> HttpResponse:
    def save() -> int:
        return save_group(person_of(request), row_id, name=form.cleaned_data["name"])

    screen = FormScreen(
        title=title,
        section=_("Business management"),
        resource="business_group",
        list_title=_("Business groups"),
        list_view="console:business_groups",
        remove="console:remove_business_group",
        row_id=row_id,
    )
    return serve_form(request, screen, form, save, field="name")


def _has_import() -> bool:
    return read_installation().has(Feature.CHAT_IMPORT)
