"""サービス管理 > サービス設定 > 通常サービス (R183 to R186): 「チャット連係処理」 of each chat setting, live."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.services.control import ask_run, restart_service, start_service, stop_service
from renkei.errors import RejectedError
from renkei.messages import say, sentence
from renkei.queries.scope import Person
from renkei.queries.services.services import (
    ServiceShown,
    list_differences,
    list_reconciliations,
    list_runs,
    list_services,
    read_service,
)
from renkei.web.console.service_words import deeds_mark, mark_of, run_badge, trigger_words, word_change, word_service
from renkei.web.locks import may
from renkei.web.people import person_of


@require_GET
@may("service.view")
def services(request: HttpRequest) -> HttpResponse:
    """The list; a script of ours asks again with the ``was`` it has seen and gets 204 while nothing is new."""
    rows = [word_service(service) for service in list_services(person_of(request))]
    mark = "-".join(row.mark for row in rows)
    if request.headers.get("HX-Request"):
        if request.GET.get("was") == mark:
            return HttpResponse(status=204)
        return render(request, "console/_services.html", {"rows": rows, "mark": mark})
    return render(request, "console/services.html", {"rows": rows, "mark": mark})


@require_GET
@may("service.view")
def service(request: HttpRequest, row_id: int) -> HttpResponse:
    """One service: what it does, what a restart would change, its newest runs; live as the list is."""
    person = person_of(request)
    shown = read_service(person, row_id)
    words = word_service(shown)
    runs = list_runs(person, row_id)
    mark = f"{words.mark}-{mark_of(runs)}"
    is_live = bool(request.headers.get("HX-Request"))
    if is_live and request.GET.get("was") == mark:
        return HttpResponse(status=204)
    deeds = deeds_mark(shown)
    context = {
        "tab": "state",
        "row": words,
        "mark": mark,
        "deeds": deeds,
        "is_oob": is_live and request.GET.get("deeds") != deeds,
        "changes": _changes(person, shown),
        "runs": [(run, trigger_words(run), run_badge(run), sentence(run.error) if run.error else "") for run in runs],
    }
    return render(request, "console/_service.html" if is_live else "console/service.html", context)


@require_GET
@may("service.view")
def reconciliations(request: HttpRequest, row_id: int) -> HttpResponse:
    """突合レポート: the newest comparisons with the chat system (B5)."""
    person = person_of(request)
    shown = read_service(person, row_id)
    reports = [
        (report, sentence(report.error) if report.error else "") for report in list_reconciliations(person, row_id)
    ]
    context = {"tab": "reconciliations", "row": word_service(shown), "reports": reports}
    return render(request, "console/service_reconciliations.html", context)


@require_POST
@may("service.edit")
def start(request: HttpRequest, row_id: int) -> HttpResponse:
    """開始."""
    return _do(request, row_id, start_service, _("The service was told to start."))


@require_POST
@may("service.edit")
def stop(request: HttpRequest, row_id: int) -> HttpResponse:
    """停止."""
    return _do(request, row_id, stop_service, _("The service was told to stop. It ends what it is just doing."))


@require_POST
@may("service.edit")
def restart(request: HttpRequest, row_id: int) -> HttpResponse:
    """再起動 (R184)."""
    return _do(request, row_id, restart_service, _("The service goes on with the setting as it is now."))


@require_POST
@may("service.edit")
def run_now(request: HttpRequest, row_id: int) -> HttpResponse:
    """今すぐ実行."""
    return _do(request, row_id, ask_run, _("The service was told to fetch now."))


def _do(request: HttpRequest, row_id: int, deed: Callable[[Person, int], None], told: str) -> HttpResponse:
    try:
        deed(person_of(request), row_id)
    except RejectedError as error:
        if error.code not in ("setting_disabled", "service_not_started"):
            raise
        messages.error(request, say(error))
    else:
        messages.success(request, told)
    return redirect("console:service", row_id)


def _changes(person: Person, shown: ServiceShown) -> list[object]:
    if not shown.needs_restart:
        return []
    return [word_change(changed, shown.connector) for changed in list_differences(person, shown.id)]
