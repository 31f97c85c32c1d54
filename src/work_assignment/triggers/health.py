"""Says that the app is alive: GET /api/health."""

from __future__ import annotations

import json

import azure.functions as func

from work_assignment.bootstrap import application

blueprint = func.Blueprint()


@blueprint.function_name("health")
@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 with the mode, for probes; nothing else is told to who has no key."""
    body = json.dumps({"status": "alive", "mode": application().settings.mode})
    return func.HttpResponse(body, status_code=200, mimetype="application/json")
