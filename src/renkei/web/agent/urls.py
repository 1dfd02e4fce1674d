"""Addresses of the desk. Pages a person opens, fragments and commands the page itself asks for."""

from django.urls import path

from renkei.web.agent import calls, chat, cti, desk

app_name = "agent"

urlpatterns = [
    path("", desk.page, name="desk"),
    path("state/", desk.state, name="state"),
    path("presence/", desk.presence, name="presence"),
    path("today/", desk.today, name="today"),
    path("phone/", desk.phone, name="phone"),
    path("sentences/<slug:code>/", desk.sentence_of, name="sentence"),
    path("calls/<int:call_id>/notice/", calls.notice, name="notice"),
    path("calls/<int:call_id>/route/", calls.route, name="route"),
    path("calls/<int:call_id>/chat/", chat.window, name="chat"),
    path("calls/<int:call_id>/links/<int:number>/", chat.leave, name="leave"),
    path("calls/<int:call_id>/finish/", calls.finish, name="finish"),
    path("calls/<int:call_id>/ask/<str:kind>/", calls.ask_call, name="ask"),
    path("settings/cti/basic/", cti.basic, name="cti"),
]
