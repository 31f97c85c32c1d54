"""Loads function_app.py the way Azure's Python worker does and reads what it declares."""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func

MODULE = "function_app"
SCRIPT = f"{MODULE}.py"


@dataclass(frozen=True, slots=True)
class IndexedFunction:
    """One function as declared, unchecked. `bindings` is what Azure's host would be told."""

    name: str
    bindings: tuple[Mapping[str, Any], ...]
    callable: Callable[..., Any]
    built: Any
    has_retry: bool

    @property
    def trigger(self) -> Mapping[str, Any]:
        """The binding that starts the function; indexing guarantees there is one."""
        return next(b for b in self.bindings if str(b["type"]).endswith("Trigger"))


@dataclass(frozen=True, slots=True)
class IndexedApp:
    """Everything that could be read, and every reason why something could not."""

    functions: tuple[IndexedFunction, ...]
    problems: tuple[str, ...]


def index_app(app_root: Path) -> IndexedApp:
    """Load the app in this folder and read its functions. Nothing of it is called."""
    if not (app_root / SCRIPT).is_file():
        return IndexedApp((), (f"there is no {SCRIPT} in {app_root}",))
    try:
        module = _load(app_root)
    except Exception as error:
        return IndexedApp((), (_import_problem(error, app_root),))
    found = [
        name for name, value in vars(module).items() if isinstance(value, func.FunctionRegister)
    ]
    match found:
        case [name]:
            return _read(getattr(module, name))
        case []:
            return IndexedApp((), (f"{SCRIPT}: there is no function app object at the top level",))
        case names:
            listed = ", ".join(names)
            return IndexedApp(
                (), (f"{SCRIPT}: more than one function app object at the top level: {listed}",)
            )


def _load(app_root: Path) -> ModuleType:
    root = str(app_root.resolve())
    if sys.path[:1] != [root]:
        sys.path.insert(0, root)
    importlib.invalidate_caches()
    # An app can be indexed once only, so a second host in this process needs a fresh module.
    sys.modules.pop(MODULE, None)
    module = importlib.import_module(MODULE)
    loaded_from = Path(module.__file__ or "").resolve().parent
    if loaded_from != app_root.resolve():
        sys.modules.pop(MODULE, None)
        raise ImportError(f"{SCRIPT} of {loaded_from} hides the one of {app_root}")
    return module


def _import_problem(error: Exception, app_root: Path) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    root = app_root.resolve()
    # Frames inside Python itself have a name such as <frozen importlib>, which is no file.
    files = [frame for frame in frames if not frame.filename.startswith("<")]
    ours = [frame for frame in files if Path(frame.filename).resolve().is_relative_to(root)]
    if isinstance(error, SyntaxError):
        where = f"{Path(error.filename or SCRIPT).name} line {error.lineno}"
        return f"{where}: {error.msg}"
    where = f"{Path(ours[-1].filename).name} line {ours[-1].lineno}" if ours else SCRIPT
    # KeyError shows its text in quotes; the SDK raises it with whole sentences.
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    return f"{where}: {type(error).__name__}: {text}"


def _read(app: func.FunctionRegister) -> IndexedApp:
    # One call only: the SDK takes a second one for duplicate names.
    try:
        built = app.get_functions()
    except ValueError as error:
        return _read_one_by_one(app, error)
    return _split(_described(function) for function in built)


def _read_one_by_one(app: func.FunctionRegister, refusal: ValueError) -> IndexedApp:
    """Read what can be read of an app that the SDK refused at its first fault, to list them all."""
    problems: list[str] = []
    built: list[Any] = []
    for builder in app._function_builders:
        try:
            built.append(builder.build(app.auth_level))
        except ValueError as error:
            problems.append(f"{SCRIPT}: {error}")
    names = Counter(function.get_function_name() for function in built)
    problems += [
        f"{name}: {count} functions have this name" for name, count in names.items() if count > 1
    ]
    read = _split(_described(function) for function in built)
    problems += read.problems
    return IndexedApp(read.functions, tuple(problems) or (f"{SCRIPT}: {refusal}",))


def _described(function: Any) -> IndexedFunction | str:
    name = str(function.get_function_name())
    try:
        bindings = tuple(json.loads(text) for text in function.get_raw_bindings())
    except TypeError as error:
        return f"{name}: a binding has a value that is not text, number or list: {error}"
    triggers = [b for b in bindings if str(b.get("type")).endswith("Trigger")]
    if len(triggers) != 1:
        kinds = ", ".join(str(b.get("type")) for b in bindings)
        return f"{name}: needs exactly one trigger, has {len(triggers)} (bindings: {kinds})"
    has_retry = function.get_settings_dict("retry_policy") is not None
    return IndexedFunction(name, bindings, function.get_user_function(), function, has_retry)


def _split(described: Iterator[IndexedFunction | str]) -> IndexedApp:
    functions: list[IndexedFunction] = []
    problems: list[str] = []
    for item in described:
        if isinstance(item, str):
            problems.append(item)
        else:
            functions.append(item)
    return IndexedApp(tuple(functions), tuple(problems))
