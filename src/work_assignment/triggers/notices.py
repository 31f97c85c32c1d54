"""Notices that are sent by e-mail or to Teams: those on the queue `wa-notices`."""

from __future__ import annotations

import azure.functions as func

from work_assignment.bootstrap import application

blueprint = func.Blueprint()


@blueprint.function_name("send_notice")
@blueprint.queue_trigger(
    arg_name="notice", queue_name="wa-notices", connection="AzureWebJobsStorage"
)
def send_notice(notice: func.QueueMessage) -> None:
    """Send one notice; what cannot be sent now is put on the queue again, to be sent later."""
    application().deliverer.deliver(notice.get_body().decode(errors="replace"))
