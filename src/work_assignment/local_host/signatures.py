"""Whether a function's parameters and annotations fit its bindings, as Azure's worker demands."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Mapping
from types import GenericAlias, SimpleNamespace
from typing import Any, get_args, get_origin, get_type_hints

import azure.functions as func

from work_assignment.local_host.indexing import IndexedFunction
from work_assignment.local_host.specs import RETURN_BINDING

RUNTIME = "azure_functions_runtime"
TRIGGER_TYPES: Mapping[str, type] = {
    "httpTrigger": func.HttpRequest,
    "timerTrigger": func.TimerRequest,
    "queueTrigger": func.QueueMessage,
}
SENDABLE = (str, bytes, func.QueueMessage)
# All that Microsoft's checks ask of the wire format: how a binding's direction is written.
_WIRE = SimpleNamespace(BindingInfo=SimpleNamespace(undefined=0, out=1, inout=2))


def signature_problems(function: IndexedFunction) -> list[str]:
    """Every way in which the Python function does not fit its bindings, without its name."""
    if inspect.iscoroutinefunction(function.callable):
        return ["is async, which the local host does not run; write a plain function"]
    try:
        hints = get_type_hints(function.callable)
    except Exception as error:
        # Whatever an annotation names is looked up here, so anything may be raised.
        return [f"its annotations cannot be read: {error}"]
    problems = _name_problems(function)
    for binding in function.bindings:
        name, hint = str(binding["name"]), hints.get(str(binding["name"]))
        if hint is not None:
            problems += _annotation_problems(binding, name, hint)
    problems += _return_problems(function, hints)
    return problems or _runtime_problems(function)


def _name_problems(function: IndexedFunction) -> list[str]:
    parameters = set(inspect.signature(function.callable).parameters)
    bound = {str(b["name"]) for b in function.bindings} - {RETURN_BINDING}
    problems = [f"parameter '{name}' has no binding" for name in sorted(parameters - bound)]
    problems += [
        f"binding '{name}' has no parameter of that name" for name in sorted(bound - parameters)
    ]
    return problems


def _annotation_problems(binding: Mapping[str, Any], name: str, hint: Any) -> list[str]:
    is_out = hint is func.Out or get_origin(hint) is func.Out
    if binding.get("direction") == "OUT":
        if is_out and get_args(hint):
            return _sent_problems(name, get_args(hint)[0])
        return [f"parameter '{name}' is an output: annotate it func.Out[str], not {_shown(hint)}"]
    if is_out:
        return [f"parameter '{name}' is an input: func.Out is for outputs"]
    wanted = TRIGGER_TYPES.get(str(binding["type"]))
    if wanted is None or (isinstance(hint, type) and issubclass(hint, wanted)):
        return []
    return [f"parameter '{name}' must be annotated func.{wanted.__name__}, not {_shown(hint)}"]


def _sent_problems(name: str, sent: Any) -> list[str]:
    """A queue output takes texts, bytes and messages, one or a list of them."""
    # Azure's runtime refuses list[str] where it takes typing.List[str].
    is_list = get_origin(sent) is list and not isinstance(sent, GenericAlias)
    item = get_args(sent)[0] if is_list else sent
    if isinstance(item, type) and issubclass(item, SENDABLE):
        return []
    return [
        f"parameter '{name}' cannot send {_shown(sent)}; use func.Out[str], "
        "or func.Out[typing.List[str]] for several messages"
    ]


def _return_problems(function: IndexedFunction, hints: Mapping[str, Any]) -> list[str]:
    returned = next((b for b in function.bindings if b["name"] == RETURN_BINDING), None)
    hint = hints.get("return")
    if hint is None or returned is None:
        return []
    wanted = (func.HttpResponse, str) if returned["type"] == "http" else SENDABLE
    if isinstance(hint, type) and issubclass(hint, wanted):
        return []
    choice = ", ".join(allowed.__name__ for allowed in wanted)
    return [f"its return annotation must be one of {choice}, not {_shown(hint)}"]


def _runtime_problems(function: IndexedFunction) -> list[str]:
    """Ask Microsoft's own runtime, where it is installed (Python 3.13 and later)."""
    if importlib.util.find_spec(RUNTIME) is None:
        return []
    importlib.import_module(f"{RUNTIME}.bindings.meta").load_binding_registry()
    registry = importlib.import_module(f"{RUNTIME}.functions")
    try:
        registry.Registry().add_indexed_function(function=function.built, protos=_WIRE)
    except Exception as error:
        # Besides its own error it lets through what odd annotations make Python raise.
        return [f"Azure's runtime refuses it: {error}"]
    return []


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
