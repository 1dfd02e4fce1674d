"""What every page's frame shows: the menu as far as this person may use it, the mode, the person."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from renkei.permissions import holds
from renkei.queries.agents.directory import is_agent
from renkei.queries.settings.installation import Feature, InstallationShown, read_installation
from renkei.settings import Mode, config


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the menu: shown to who holds ``right`` while ``feature`` is on.

    ``words`` are further names the menu search knows, older ones and other tongues' included; never shown (R29, R36).
    ``is_listed`` False: found by the search only. ``is_for_agents``: only for who takes calls, whatever their rights.
    """

    label: Promise
    view: str
    right: str
    icon: str = ""
    words: str = ""
    feature: Feature | None = None
    fragment: str = ""
    is_listed: bool = True
    is_for_agents: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the menu."""

    label: Promise
    icon: str
    items: tuple[Item, ...]


MENU: tuple[Section, ...] = (
    Section(
        _("Agent"),
        "headset",
        (
            Item(
                _("Softphone"), "agent:desk", "desk.view", words="softphone desk ソフトフォン 電話", is_for_agents=True
            ),
            Item(_("Try it"), "demo:home", "rehearsal.view", words="demo try simulator デモ 試す お試し"),
            Item(_("Simulated telephone"), "demo:telephone", "rehearsal.view", words="simulator 模擬電話 リハーサル"),
        ),
    ),
    Section(
        _("Call centre"),
        "phone",
        (
            Item(_("IVR"), "console:ivrs", "ivr.view", words="ivr 自動音声応答 API連携IVR"),
            Item(
                _("Chatbot linkage settings"), "console:ivrs", "ivr.view", words="API連携設定 api linkage settings",
                feature=Feature.CHATBOT_LINKAGE, fragment="?kind=chatbot", is_listed=False,
            ),
            Item(
                _("Chatbot transfer destinations"), "console:ivrs", "ivr.view",
                words="APIレスポンス設定 api response settings 転送先",
                feature=Feature.CHATBOT_LINKAGE, fragment="?kind=chatbot", is_listed=False,
            ),
            Item(_("Incoming rules"), "console:rules", "incoming_rule.view", words="rule 共通着信ルール ビジー"),
            Item(_("Guidance"), "console:guidances", "guidance.view", words="共通ガイダンス 個別ガイダンス 音声"),
            Item(_("Business labels"), "console:labels", "business_label.view", words="label ラベル"),
            Item(_("Telephone numbers"), "console:numbers", "phone_number.view", words="number 番号 障害時の動作"),
        ),
    ),
    Section(
        _("Histories"),
        "history",
        (
            Item(_("Call history"), "console:calls", "call_history.view", words="calls 着信 発信 通話 チャット内容"),
            Item(_("IVR history"), "console:ivr_history", "ivr_history.view", words="ivr history 経路"),
            Item(
                _("External-API history"), "console:api_history", "external_api_history.view",
                words="api request status ステータスコード", feature=Feature.API_LINKED_IVR,
            ),
        ),
    ),
    Section(
        _("Interaction management"),
        "inbox",
        (Item(_("Case search"), "console:cases", "case.view", words="case interaction ケースメイン コール 検索 SNS"),),
    ),
    Section(
        _("Customer management"),
        "user",
        (Item(_("Customers"), "console:customers", "customer.view", words="customer 顧客 SNS顧客詳細 名寄せ"),),
    ),
    Section(
        _("Agent management"),
        "users",
        (
            Item(_("Agents"), "console:agents", "agent.view", words="agent user extension 内線 アカウント"),
            Item(_("Roles"), "console:roles", "role.view", words="role permission ロール"),
        ),
    ),
    Section(
        _("Business management"),
        "book",
        (
            Item(
                _("Business groups"), "console:business_groups", "business_group.view",
                words="business group 拡張設定 コール作成設定 interaction template",
            ),
        ),
    ),
    Section(
        _("Master management"),
        "message",
        (
            Item(
                _("SNS settings › Chat settings"), "console:chat_settings", "chat_setting.view",
                words="SNS管理 SNS設定 チャット設定 chat setting 呼び出しURL", feature=Feature.CHAT_IMPORT,
            ),
        ),
    ),
    Section(
        _("Service management"),
        "clock",
        (
            Item(
                _("Service settings › Ordinary services"), "console:services", "service.view",
                words="サービス設定 通常サービス チャット連係処理 service import 再起動", feature=Feature.CHAT_IMPORT,
            ),
        ),
    ),
    Section(
        _("System settings"),
        "settings",
        (
            Item(
                _("Basic settings"), "console:settings", "system_settings.view",
                words="system settings タイムゾーン センター名",
            ),
            Item(
                _("Contract options"), "console:settings", "system_settings.view", words="option CRM連携 switch",
                fragment="#options",
            ),
            Item(
                _("History retention (days)"), "console:settings", "system_settings.view", words="retention 保持",
                fragment="#retention", is_listed=False,
            ),
            Item(_("API keys"), "console:api_keys", "api_key.view", words="api key token"),
            Item(_("Audit"), "console:audit", "audit.view", words="audit log 閲覧記録 証跡"),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A menu item as one person sees it."""

    label: Promise
    href: str
    words: str
    section: Promise
    is_here: bool
    is_listed: bool


class Frame:
    """The frame's values; the menu is only worked out where a page shows it."""

    mode = config.mode

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def is_demo(self) -> bool:
        """Whether each page is marked デモ."""
        return config.mode is Mode.DEMO

    @property
    def languages(self) -> Any:
        """Code and name of each language."""
        return settings.LANGUAGES

    @property
    def theme(self) -> str:
        """light, dark or auto."""
        return getattr(self._request.user, "theme", "auto")

    @cached_property
    def installation(self) -> InstallationShown:
        """System settings."""
        return read_installation()

    @cached_property
    def menu(self) -> tuple[tuple[Section, tuple[Entry, ...]], ...]:
        """Sections with the entries this person may use; empty sections are left out."""
        shown = ((section, tuple(self._entries(section))) for section in MENU)
        return tuple((section, entries) for section, entries in shown if entries)

    @cached_property
    def _is_agent(self) -> bool:
        return self._request.user.pk is not None and is_agent(self._request.user.pk)

    def _entries(self, section: Section) -> Iterator[Entry]:
        for item in section.items:
            if item.feature is not None and not self.installation.has(item.feature):
                continue
            if not holds(self._request.user, item.right) or (item.is_for_agents and not self._is_agent):
                continue
            try:
                path = reverse(item.view)
            except NoReverseMatch:  # the demonstration's pages do not exist in a real installation
                continue
            # The try-it page's address is the beginning of the telephone's: only the whole of it is meant.
            here = self._request.path == path if item.view == "demo:home" else self._request.path.startswith(path)
            is_here = item.is_listed and not item.fragment and here
            yield Entry(item.label, path + item.fragment, item.words, section.label, is_here, item.is_listed)


class Allowed:
    """``may.ivr_edit`` in a template: whether to offer what the lock of the page behind it would refuse."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __getitem__(self, name: str) -> bool:
        resource, _, deed = name.rpartition("_")
        return holds(self._request.user, f"{resource}.{deed}")


def frame(request: HttpRequest) -> dict[str, object]:
    """The frame's values for the templates, as ``frame``, and what the person may do, as ``may``."""
    return {"frame": Frame(request), "may": Allowed(request)}
