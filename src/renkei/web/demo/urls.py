"""Addresses of the demonstration's pages."""

from django.urls import URLPattern, path

from renkei.web.demo import people, telephone, try_it

app_name = "demo"

urlpatterns: list[URLPattern] = [
    path("", try_it.home, name="home"),
    path("progress/", try_it.progress, name="progress"),
    path("again/", try_it.again, name="again"),
    path("chat/", try_it.chat, name="chat"),
    path("app-chat/", try_it.app_chat, name="app_chat"),
    path("trouble/", try_it.trouble, name="trouble"),
    path("be/<str:username>/", people.become, name="become"),
    path("line/", telephone.telephone, name="telephone"),
    path("line/dial/", telephone.dial, name="dial"),
    path("line/<str:line_id>/", telephone.call, name="call"),
    path("line/<str:line_id>/heard/", telephone.heard, name="heard"),
    path("line/<str:line_id>/press/", telephone.press, name="press"),
    path("line/<str:line_id>/hang-up/", telephone.hang_up, name="hang_up"),
]
