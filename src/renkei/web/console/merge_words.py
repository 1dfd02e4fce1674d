"""How the screens of 名寄せ word fields, sides and evidence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from renkei.domain.merging import Evidence, Side, Weighed

FIELD_LABELS: Mapping[str, Promise] = {
    "name": gettext_lazy("Name"),
    "name_kana": gettext_lazy("Name (kana)"),
    "phone": gettext_lazy("Telephone number"),
    "email": gettext_lazy("E-mail address"),
    "note": gettext_lazy("Note"),
}
EVIDENCE: Mapping[Evidence, Promise] = {
    Evidence.SAME_NAME: gettext_lazy("Same name"),
    Evidence.SAME_KANA: gettext_lazy("Same kana"),
    Evidence.SAME_NUMBER: gettext_lazy("Same telephone number"),
    Evidence.SAME_EMAIL: gettext_lazy("Same e-mail address"),
    Evidence.OTHER_NAME: gettext_lazy("Different names"),
    Evidence.OTHER_KANA: gettext_lazy("Different kana"),
    Evidence.OTHER_NUMBER: gettext_lazy("Different telephone numbers"),
    Evidence.OTHER_EMAIL: gettext_lazy("Different e-mail addresses"),
    Evidence.TWO_ACCOUNTS: gettext_lazy("Two IDs in one chat system"),
    Evidence.UNDONE_BEFORE: gettext_lazy("Merged once and taken back"),
}
SIDES: Mapping[Side, Promise] = {
    Side.SURVIVOR: pgettext_lazy("merge", "of the one that stays"),
    Side.MERGED: pgettext_lazy("merge", "of the one that goes"),
    Side.BOTH: pgettext_lazy("merge", "Both, one below the other"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """The evidence as people read it."""

    speaks_for: tuple[Promise, ...]
    against: tuple[Promise, ...]
    is_likely: bool


def kept_words(names: Iterable[str]) -> list[Promise]:
    """The fields that stayed when a merge was taken back."""
    return [FIELD_LABELS[name] for name in names if name in FIELD_LABELS]


def read_evidence(weighed: Weighed) -> Words:
    """The evidence in words."""
    return Words(
        tuple(EVIDENCE[each] for each in weighed.speaks_for),
        tuple(EVIDENCE[each] for each in weighed.against),
        weighed.is_likely,
    )
