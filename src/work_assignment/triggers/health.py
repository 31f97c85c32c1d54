"""Says how the app does: GET /api/health for probes, GET /api/health/details for people."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func

from work_assignment.bootstrap import application

blueprint = func.Blueprint()


@blueprint.function_name("health")
@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 with the mode, for probes; nothing else is told to who has no key."""
    return _answer({"status": "alive", "mode": application().settings.mode}, 200)


@blueprint.function_name("health_details")
@blueprint.route(route="health/details", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def health_details(req: func.HttpRequest) -> func.HttpResponse:
    """200 when storage and Dataverse can be reached, else 503; the body says what is wrong.

    A route of its own, because the host checks keys and does not tell the app which they are.
    """
    checkup = application().health.check()
    return _answer(checkup.data, 200 if checkup.is_well else 503)


def _answer(body: dict[str, Any], status: int) -> func.HttpResponse:
    text = json.dumps(body, ensure_ascii=False, indent=2)
    headers = {"Cache-Control": "no-store"}
    return func.HttpResponse(text, status_code=status, mimetype="application/json", headers=headers)
