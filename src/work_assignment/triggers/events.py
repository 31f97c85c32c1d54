"""Takes Dataverse's webhook calls: POST /api/dataverse/events."""

from __future__ import annotations

import logging

import azure.functions as func

from work_assignment.azure_storage.errors import (
    MessageNotText,
    MessageTooLarge,
    StorageUnavailable,
)
from work_assignment.bootstrap import application
from work_assignment.services.events import NotAnEvent
from work_assignment.services.intake import BodyTooLarge, WrongContentType

blueprint = func.Blueprint()

_log = logging.getLogger(__name__)


@blueprint.function_name("receive_event")
@blueprint.route(route="dataverse/events", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def receive_event(req: func.HttpRequest) -> func.HttpResponse:
    """202 when the event lies on the queue; 503, which Dataverse tries once more, when it cannot."""
    try:
        application().intake.accept(req.get_body(), req.headers.get("content-type", ""))
    except WrongContentType as exc:
        return _refusal(415, str(exc))
    except (BodyTooLarge, MessageTooLarge) as exc:
        return _refusal(413, str(exc))
    except NotAnEvent as exc:
        return _refusal(400, f"The body is no RemoteExecutionContext: {exc}")
    except MessageNotText as exc:
        return _refusal(400, str(exc))
    except StorageUnavailable as exc:
        _log.error("an event could not be queued: %s", exc)
        return _refusal(503, "The event could not be queued; send it again")
    application().seen.webhook()
    return func.HttpResponse(status_code=202)


def _refusal(status: int, sentence: str) -> func.HttpResponse:
    text = f"{sentence[0].upper()}{sentence[1:]}.\n"
    return func.HttpResponse(text, status_code=status, mimetype="text/plain")
