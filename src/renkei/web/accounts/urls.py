"""Addresses of signing in that are ours; allauth's stand beside them."""

from django.urls import path

from renkei.web.accounts import first, own

app_name = "accounts"

urlpatterns = [
    path("first/<str:token>/", first.first, name="first"),
    path("language/", own.language, name="language"),
    path("theme/", own.theme, name="theme"),
]
