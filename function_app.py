"""What Azure Functions runs: every trigger of the app, one blueprint each."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

import azure.functions as func

from work_assignment.triggers import bell, events, health, notices, reconcile, retention, sweeps

app = func.FunctionApp()
app.register_functions(bell.blueprint)
app.register_functions(events.blueprint)
app.register_functions(health.blueprint)
app.register_functions(notices.blueprint)
app.register_functions(retention.blueprint)
app.register_functions(sweeps.blueprint)
if reconcile.SCHEDULE_SETTING not in os.environ:
    app.register_functions(reconcile.blueprint)
elif os.environ[reconcile.SCHEDULE_SETTING]:
    app.register_functions(reconcile.timer_blueprint)
if os.environ.get(sweeps.SCHEDULE_SETTING):
    app.register_functions(sweeps.timer_blueprint)
