"""顧客管理 > 顧客: the list by kana, one customer, and the sub-window SNS顧客詳細 (R160 to R169)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.customers.edit import (
    CustomerEntered,
    SnsCustomerEntered,
    delete_customer,
    delete_sns_customer,
    save_customer,
    save_sns_customer,
)
from renkei.errors import RejectedError
from renkei.messages import say
from renkei.permissions import holds
from renkei.queries.customers.merges import list_merges
from renkei.queries.customers.people import CustomerShown, SnsCustomerShown, list_customers, read_customer
from renkei.queries.settings.chat_settings import list_setting_choices
from renkei.queries.settings.installation import Feature, read_installation
from renkei.web.connector_forms import sns_label
from renkei.web.console.cases import state_badge
from renkei.web.console.filters import FilterForm, read_filter
from renkei.web.console.forms import NOTHING, ScreenForm, sent
from renkei.web.console.merge_words import kept_words
from renkei.web.locks import may
from renkei.web.people import person_of


class CustomerFilterForm(FilterForm):
    """One field finds all."""

    private = ("who",)

    who = forms.CharField(
        label=gettext_lazy("Name, kana, number, e-mail or SNS customer registration number"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class CustomerForm(ScreenForm):
    """A customer by hand."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    name_kana = forms.CharField(label=gettext_lazy("Name (kana)"), max_length=120, required=False)
    phone = forms.CharField(
        label=gettext_lazy("Telephone number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254, required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


class SnsCustomerForm(ScreenForm):
    """One entry. SNS種別 comes first; SNS設定 offers only settings of that type (D17)."""

    connector = forms.ChoiceField(label=gettext_lazy("SNS type"))
    setting = forms.ChoiceField(
        label=gettext_lazy("SNS setting"),
        help_text=gettext_lazy("Only the chat settings of the chosen SNS type are offered."),
    )
    registration_number = forms.CharField(
        label=gettext_lazy("SNS customer registration number"),
        max_length=200,
        help_text=gettext_lazy("The ID by which the chat system knows this customer."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    display_name = forms.CharField(
        label=gettext_lazy("Display name"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Shown as the customer's name inside the conversation."),
    )
    image_url = forms.CharField(
        label=gettext_lazy("Image URL"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy("Used by the LINE connector only; every other chat system ignores it."),
    )
    status_message = forms.CharField(
        label=gettext_lazy("Status message"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Used by the LINE connector only; every other chat system ignores it."),
    )

    def __init__(self, *positional: Any, connector: str, **options: Any) -> None:
        super().__init__(*positional, **options)
        settings = list_setting_choices()
        types = sorted({each.connector for each in settings})
        self.choose("connector", [NOTHING, *((name, sns_label(name)) for name in types)])
        self.fields["connector"].initial = connector
        offered = [each for each in settings if each.connector == connector]
        self.choose("setting", [NOTHING, *((str(each.id), each.name) for each in offered)])


@may("customer.view")
def customers(request: HttpRequest) -> HttpResponse:
    """The list; a sent word becomes an address in which it is encrypted."""
    form = CustomerFilterForm(read_filter(request, CustomerFilterForm.private), zone=read_installation().zone)
    if request.method == "POST":
        return redirect(f"{request.path}?{form.address_words()}".rstrip("?&"))
    person, who, status = person_of(request), str(form.wanted.get("who", "")), 200
    try:
        page = list_customers(person, who, cursor=request.GET.get("cursor"))
    except RejectedError as error:
        if error.code != "bad_cursor":
            raise
        messages.warning(request, say(error))
        status = 400
        page = list_customers(person, who)
    context = {"form": form, "page": page, "query": form.address_words()}
    return render(request, "console/customers.html", context, status=status)


@require_GET
@may("customer.view")
def customer(request: HttpRequest, row_id: int) -> HttpResponse:
    """One customer with entries and cases."""
    shown = read_customer(person_of(request), row_id)
    return render(request, "console/customer.html", _context(request, shown))


@may("customer.create")
def new_customer(request: HttpRequest) -> HttpResponse:
    """Make one."""
    return _serve(request, None)


@may("customer.edit")
def edit_customer(request: HttpRequest, row_id: int) -> HttpResponse:
    """Change one."""
    return _serve(request, read_customer(person_of(request), row_id))


@require_POST
@may("customer.delete")
def remove_customer(request: HttpRequest, row_id: int) -> HttpResponse:
    """Take one away, or say what still needs it."""
    try:
        delete_customer(person_of(request), row_id)
    except RejectedError as error:
        if error.code != "in_use":
            raise
        messages.error(request, say(error))
        return redirect("console:customer", row_id)
    messages.success(request, _("Deleted."))
    return redirect("console:customers")


@may("customer.edit")
def new_sns_customer(request: HttpRequest, row_id: int) -> HttpResponse:
    """Add an entry."""
    return _serve_entry(request, read_customer(person_of(request), row_id), None)


@may("customer.edit")
def edit_sns_customer(request: HttpRequest, row_id: int, entry_id: int) -> HttpResponse:
    """Change an entry."""
    shown = read_customer(person_of(request), row_id)
    entry = next((each for each in shown.entries if each.id == entry_id), None)
    if entry is None:
        raise RejectedError("not_found")
    return _serve_entry(request, shown, entry)


@require_POST
@may("customer.edit")
def remove_sns_customer(request: HttpRequest, row_id: int, entry_id: int) -> HttpResponse:
    """Take an entry away."""
    delete_sns_customer(person_of(request), row_id, entry_id)
    messages.success(request, _("Deleted."))
    return redirect("console:customer", row_id)


@require_GET
@may("customer.edit")
def sns_customer_choices(request: HttpRequest, row_id: int) -> HttpResponse:
    """The field SNS設定 for the SNS種別 just chosen."""
    read_customer(person_of(request), row_id)
    form = SnsCustomerForm(connector=request.GET.get("connector", ""))
    return render(request, "console/_one_field.html", {"field": form["setting"]})


def _context(request: HttpRequest, shown: CustomerShown) -> dict[str, Any]:
    return {
        "customer": shown,
        "cases": [(case, state_badge(case.state)) for case in shown.cases],
        "entries": [(entry, sns_label(entry.connector)) for entry in shown.entries],
        "merges": [(row, kept_words(row.kept)) for row in list_merges(person_of(request), shown.row.id)],
        "has_import": read_installation().has(Feature.CHAT_IMPORT),
        "may_read_cases": holds(person_of(request), "case.view"),
    }


def _serve(request: HttpRequest, shown: CustomerShown | None) -> HttpResponse:
    initial = {} if shown is None else {name: getattr(shown.row, name) for name in ("name", "name_kana", "phone")}
    if shown is not None:
        initial |= {"email": shown.row.email, "note": shown.note}
    form = CustomerForm(sent(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            customer_id, seen = (None, "") if shown is None else (shown.row.id, shown.mark)
            saved = save_customer(person_of(request), customer_id, CustomerEntered(**form.cleaned_data), seen=seen)
        except RejectedError as error:
            if error.code == "changed_meanwhile":
                form.refuse(error)
            elif error.code != "required":
                raise
            else:
                form.add_error(None, _("Enter a name, a telephone number or an e-mail address."))
        else:
            messages.success(request, _("Saved. Check that the settings below are as you want them."))
            return redirect("console:customer", saved)
    return render(request, "console/customer_edit.html", {"form": form, "customer": shown})


def _serve_entry(request: HttpRequest, shown: CustomerShown, entry: SnsCustomerShown | None) -> HttpResponse:
    connector = request.POST.get("connector", "") if request.method == "POST" else _first_connector(entry)
    initial: dict[str, Any] = {}
    if entry is not None:
        names = ("connector", "registration_number", "display_name", "image_url", "status_message")
        initial |= {"setting": str(entry.setting_id), **{name: getattr(entry, name) for name in names}}
    form = SnsCustomerForm(sent(request), connector=connector, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        entered = SnsCustomerEntered(setting_id=int(values.pop("setting")), **values)
        try:
            entry_id, seen = (entry.id, entry.mark) if entry else (None, "")
            save_sns_customer(person_of(request), shown.row.id, entry_id, entered, seen=seen)
        except RejectedError as error:
            if error.code in ("forbidden", "not_found", "feature_off"):
                raise
            form.refuse(error, "registration_number" if error.code == "sns_customer_taken" else None)
        else:
            messages.success(request, _("Saved. Check that the settings below are as you want them."))
            return redirect("console:customer", shown.row.id)
    context = {"customer": shown, "entry": entry, "form": form, "has_settings": bool(list_setting_choices())}
    return render(request, "console/sns_customer_edit.html", context)


def _first_connector(entry: SnsCustomerShown | None) -> str:
    """The entry's SNS種別, or the only one there is."""
    if entry is not None:
        return entry.connector
    types = {each.connector for each in list_setting_choices()}
    return types.pop() if len(types) == 1 else ""
