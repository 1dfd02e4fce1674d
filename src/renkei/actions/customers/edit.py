"""A customer is made and changed by hand, with the entries that say who they are in the chat systems (R166 to R169)."""

from dataclasses import dataclass

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refuse_stale, refusing_conflicts
from renkei.domain.importing import email_key
from renkei.domain.people import sort_key
from renkei.domain.phone import Telephone, read_number
from renkei.errors import RejectedError
from renkei.models import ChatSetting, Customer, SnsCustomer
from renkei.permissions import require
from renkei.queries.customers.people import mark_customer, mark_entry
from renkei.queries.scope import Viewer, visible_customers
from renkei.queries.settings.installation import require_chat_import


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEntered:
    """The form."""

    name: str
    name_kana: str
    phone: str
    email: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsCustomerEntered:
    """The sub-window's form: SNS種別, SNS設定, SNS顧客登録番号, 表示名, 画像URL, ステータスメッセージ."""

    connector: str
    setting_id: int
    registration_number: str
    display_name: str
    image_url: str
    status_message: str


def save_customer(actor: Viewer, customer_id: int | None, entered: CustomerEntered, *, seen: str = "") -> int:
    """A customer, new when ``customer_id`` is None. ``seen`` is the mark of what the editor was shown. RejectedError:
    ``forbidden``, ``not_found``, ``required`` when neither name nor number nor address is given,
    ``changed_meanwhile``."""
    require(actor, "customer.create" if customer_id is None else "customer.edit")
    if not (entered.name.strip() or entered.phone.strip() or entered.email.strip()):
        raise RejectedError("required")
    with refusing_conflicts():
        customer = Customer() if customer_id is None else _lock(actor, customer_id)
        refuse_stale(seen, mark_customer(customer))
        number = read_number(entered.phone) if entered.phone.strip() else None
        customer.name, customer.name_kana = entered.name.strip(), entered.name_kana.strip()
        customer.sort_key = sort_key(customer.name, customer.name_kana)
        customer.phone = entered.phone.strip()
        customer.e164 = number.e164 if isinstance(number, Telephone) else None
        customer.email = entered.email.strip()
        customer.email_key = email_key(entered.email)
        customer.note = entered.note.strip()
        customer.updated_at = clock.now()
        customer.save()
        done = "created" if customer_id is None else "edited"
        write_audit(actor, f"customer.{done}", resource="customer", object_id=customer.pk)
    return customer.pk


def delete_customer(actor: Viewer, customer_id: int) -> None:
    """Take a customer away; ``in_use`` while a case, an SNS entry or a merge needs them."""
    require(actor, "customer.delete")
    with refusing_conflicts():
        _lock(actor, customer_id).delete()
        write_audit(actor, "customer.deleted", resource="customer", object_id=customer_id)


def save_sns_customer(
    actor: Viewer, customer_id: int, entry_id: int | None, entered: SnsCustomerEntered, *, seen: str = ""
) -> int:
    """An entry of a customer, new when ``entry_id`` is None. ``seen`` is the mark of what the editor was shown.

    RejectedError: ``forbidden``, ``feature_off``, ``not_found``, ``required``, ``setting_of_other_type`` (D17),
    ``sns_customer_taken`` with the other customer's name, ``changed_meanwhile``.
    """
    require(actor, "customer.edit")
    require_chat_import()
    number = entered.registration_number.strip()
    if not number:
        raise RejectedError("required")
    setting = ChatSetting.objects.filter(pk=entered.setting_id).first()
    if setting is None:
        raise RejectedError("not_found")
    if setting.connector != entered.connector:
        raise RejectedError("setting_of_other_type")
    try:
        with refusing_conflicts():
            customer = _lock(actor, customer_id)
            entry = SnsCustomer(customer=customer) if entry_id is None else _lock_entry(customer, entry_id)
            if entry_id is not None:
                refuse_stale(seen, mark_entry(entry))
            entry.setting, entry.registration_number = setting, number
            entry.display_name = entered.display_name.strip()
            entry.image_url = entered.image_url.strip()
            entry.status_message = entered.status_message.strip()
            entry.save()
            done = "added" if entry_id is None else "edited"
            detail = {"entry": entry.pk}
            write_audit(actor, f"customer.sns_{done}", resource="customer", object_id=customer_id, detail=detail)
    except RejectedError as error:
        if error.code != "already_exists":
            raise
        raise _name_holder(setting, number) from error
    return entry.pk


def delete_sns_customer(actor: Viewer, customer_id: int, entry_id: int) -> None:
    """Take an entry away; the next chat with this number makes a new customer."""
    require(actor, "customer.edit")
    require_chat_import()
    with refusing_conflicts():
        _lock_entry(_lock(actor, customer_id), entry_id).delete()
        detail = {"entry": entry_id}
        write_audit(actor, "customer.sns_deleted", resource="customer", object_id=customer_id, detail=detail)


def _lock(actor: Viewer, customer_id: int) -> Customer:
    customer = visible_customers(actor).select_for_update().filter(pk=customer_id).first()
    if customer is None:
        raise RejectedError("not_found")
    if customer.merged_into_id is not None:  # the merge may be undone, and then everything is to be as it was
        raise RejectedError("merged_away")
    return customer


def _lock_entry(customer: Customer, entry_id: int) -> SnsCustomer:
    entry = SnsCustomer.objects.select_for_update().filter(pk=entry_id, customer=customer).first()
    if entry is None:
        raise RejectedError("not_found")
    return entry


def _name_holder(setting: ChatSetting, number: str) -> RejectedError:
    holder = SnsCustomer.objects.select_related("customer").filter(setting=setting, registration_number=number).first()
    if holder is None:  # taken away again in the meantime
        return RejectedError("already_exists")
    return RejectedError("sns_customer_taken", number=number, customer=str(holder.customer))
