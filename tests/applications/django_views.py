"""The pages of django_test.py's application."""

import itertools

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.cache import cache_page

rendered = itertools.count(1)


@cache_page(60)
def page(_):
    return HttpResponse(f"page {next(rendered)}")


def visit(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(request.session["visits"])


def leave(request):
    request.session.flush()
    return HttpResponse("bye")


urlpatterns = [path("page", page), path("visit", visit), path("leave", leave)]
