"""Every address of the pages and the REST API."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from renkei.api.doors import api
from renkei.settings import Mode, config
from renkei.web.accounts import own
from renkei.web.accounts.without_mail import without_mail

urlpatterns: list[URLPattern | URLResolver] = [
    path("", own.home, name="home"),
    re_path(r"^accounts/(signup|email|confirm-email|password/(reset|set)|phone)/", without_mail),
    path("accounts/", include("renkei.web.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
    path("console/", include("renkei.web.console.urls")),
    path("desk/", include("renkei.web.agent.urls")),
]
if config.mode is not Mode.EMPTY:
    urlpatterns.append(path("try/", include("renkei.web.demo.urls")))
