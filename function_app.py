"""What Azure Functions runs: every trigger of the app, one blueprint each."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

import azure.functions as func

from work_assignment.triggers import bell, events, health

app = func.FunctionApp()
app.register_functions(bell.blueprint)
app.register_functions(events.blueprint)
app.register_functions(health.blueprint)
