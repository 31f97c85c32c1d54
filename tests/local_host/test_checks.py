"""An app that Azure would run is taken; one that it would refuse, or never run, is not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.local_host.support import HOST_JSON, STORAGE, write_app

from work_assignment.local_host.errors import AppRefused
from work_assignment.local_host.loading import load_app
from work_assignment.local_host.specs import (
    AuthLevel,
    FunctionSpec,
    HttpTrigger,
    QueueOutput,
    QueueTrigger,
    TimerTrigger,
)

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
GOOD = """
    bp = func.Blueprint()

    @bp.route("events/{id}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
    @bp.queue_output("out", "wa-bell", "AzureWebJobsStorage")
    def events(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
        return func.HttpResponse("ok")

    @bp.timer_trigger("timer", "%WA_RING_SCHEDULE%")
    def ring(timer: func.TimerRequest) -> None:
        pass

    @bp.queue_trigger("msg", "wa-bell", "AzureWebJobsStorage")
    def decide(msg: func.QueueMessage) -> None:
        pass

    app.register_functions(bp)
"""


def functions_of(
    folder: Path, text: str, settings: dict[str, str] | None = None
) -> dict[str, FunctionSpec]:
    loaded = load_app(write_app(folder, text), {**STORAGE, **(settings or {})}, at=NOW)
    return {spec.name: spec for spec in loaded.functions}


def problems_of(
    folder: Path,
    text: str,
    settings: dict[str, str] | None = None,
    host_json: object = HOST_JSON,
) -> list[str]:
    with pytest.raises(AppRefused) as refusal:
        load_app(write_app(folder, text, host_json), {**STORAGE, **(settings or {})}, at=NOW)
    return list(refusal.value.problems)


def test_a_good_app_becomes_specs(folder: Path) -> None:
    functions = functions_of(folder, GOOD, {"WA_RING_SCHEDULE": "0 * * * * *"})
    assert functions["events"].trigger == HttpTrigger("events/{id}", ("POST",), AuthLevel.ANONYMOUS)
    assert functions["events"].outputs == (QueueOutput("out", "wa-bell", "AzureWebJobsStorage"),)
    assert functions["ring"].trigger == TimerTrigger("0 * * * * *", "WA_RING_SCHEDULE")
    assert functions["decide"].trigger == QueueTrigger("wa-bell", "AzureWebJobsStorage")
    assert functions["decide"].parameter == "msg"


def test_an_http_function_without_a_route_is_called_by_its_name(folder: Path) -> None:
    text = """
        @app.route()
        def health(req: func.HttpRequest) -> str:
            return "ok"
    """
    assert functions_of(folder, text)["health"].trigger == HttpTrigger(
        "health", (), AuthLevel.FUNCTION
    )


def test_a_setting_disables_a_function(folder: Path) -> None:
    settings = {"WA_RING_SCHEDULE": "0 * * * * *", "AzureWebJobs.ring.Disabled": "true"}
    functions = functions_of(folder, GOOD, settings)
    assert [name for name, spec in functions.items() if spec.disabled] == ["ring"]


def http(decorators: str, signature: str = "req: func.HttpRequest) -> func.HttpResponse") -> str:
    return f"{decorators}\ndef one({signature}: ...\n"


def timer(schedule: str) -> str:
    return f"@app.timer_trigger('t', '{schedule}')\ndef one(t: func.TimerRequest) -> None: ...\n"


def queue(decorator: str, signature: str = "msg: func.QueueMessage) -> None") -> str:
    return f"{decorator}\ndef one({signature}: ...\n"


LISTEN = "@app.queue_trigger('msg', 'wa-bell', 'AzureWebJobsStorage')"
SEND = "@app.queue_output('out', 'wa-bell', 'AzureWebJobsStorage')\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (timer("0 * * * *"), "one: schedule '0 * * * *' has five fields"),
        (timer("00:05:00"), "one: schedule '00:05:00' is a time span"),
        (timer("0 0 25 * * *"), "one: schedule '0 0 25 * * *': '25' is no hour"),
        (timer("%NOT_THERE%"), "one: schedule names setting 'NOT_THERE', which is missing"),
        (
            queue("@app.queue_trigger('msg', '%NO_QUEUE%', 'AzureWebJobsStorage')"),
            "one: queue name names setting 'NO_QUEUE', which is missing",
        ),
        (
            queue("@app.queue_trigger('msg', 'Wa_Bell', 'AzureWebJobsStorage')"),
            "one: queue name 'Wa_Bell' must be",
        ),
        (
            queue("@app.queue_trigger('msg', 'wa-bell', 'Elsewhere')"),
            "one: connection setting 'Elsewhere' is missing",
        ),
        (
            queue(LISTEN, "mesage: func.QueueMessage) -> None"),
            "one: parameter 'mesage' has no binding",
        ),
        (
            queue(LISTEN, "mesage: func.QueueMessage) -> None"),
            "one: binding 'msg' has no parameter of that name",
        ),
        (queue(LISTEN, "msg: str) -> None"), "one: parameter 'msg' must be annotated func.Queue"),
        (
            queue(SEND + LISTEN, "msg: func.QueueMessage, out: str) -> None"),
            "one: parameter 'out' is an output: annotate it func.Out[str], not str",
        ),
        (
            queue(SEND + LISTEN, "msg: func.QueueMessage, out: func.Out[int]) -> None"),
            "one: parameter 'out' cannot send int",
        ),
        (
            queue(SEND + LISTEN, "msg: func.QueueMessage, out: func.Out[list[str]]) -> None"),
            "one: parameter 'out' cannot send list[str]",
        ),
        (
            queue(LISTEN, "msg: func.Out[str]) -> None"),
            "one: parameter 'msg' is an input: func.Out is for outputs",
        ),
        (
            "@app.blob_trigger('b', 'box', 'AzureWebJobsStorage')\ndef one(b): ...\n",
            "one: trigger 'blobTrigger' is not one the local host knows",
        ),
        (
            http("@app.route('a')\n@app.table_output('t', 'C', 'T')", "req, t) -> str"),
            "one: binding 't' of type 'table' is not one the local host knows",
        ),
        (
            http("@app.route('a', binding_arg_name='res')", "req, res)"),
            "one: an HTTP function needs an http output named '$return'",
        ),
        (
            http("@app.route('a')", "req: func.HttpRequest) -> int"),
            "one: its return annotation must be one of HttpResponse, str, not int",
        ),
        (
            http("@app.route('a', auth_level='secret')"),
            "function_app.py line 3: KeyError: Can not parse str 'secret' to AuthLevel",
        ),
        (
            http(
                "@app.generic_trigger('req', 'httpTrigger', route='a', auth_level='secret')\n"
                "@app.generic_output_binding('$return', 'http')"
            ),
            "one: auth level 'secret' is not one of anonymous, function, admin",
        ),
        (http("@app.route('a/{id:int}')"), "one: route 'a/{id:int}': '{id:int}' is neither"),
        (http("@app.route('{a}/{a}')"), "one: route '{a}/{a}' names a parameter twice"),
        (
            "@app.route('a')\nasync def one(req: func.HttpRequest) -> str: ...\n",
            "one: is async, which the local host does not run",
        ),
        (
            http("@app.route('a')", "req: Missing) -> str").replace("Missing", "'Missing'"),
            "one: its annotations cannot be read: name 'Missing' is not defined",
        ),
        (
            "@app.retry(strategy='fixed_delay', max_retry_count='1', delay_interval='00:00:01')\n"
            + timer("0 * * * * *"),
            "one: has a retry policy",
        ),
        ("import nowhere_to_be_found\n", "function_app.py line 3: ModuleNotFoundError: No module"),
        ("1 / 0\n", "function_app.py line 3: ZeroDivisionError: division by zero"),
        ("def broken(:\n", "function_app.py line 3: invalid syntax"),
        ("other = func.FunctionApp()\n", "function_app.py: more than one function app object"),
        ("del app\n", "function_app.py: there is no function app object at the top level"),
        ("", "declares no functions"),
    ],
)
def test_a_wrong_app_is_refused_with_the_reason(folder: Path, text: str, problem: str) -> None:
    problems = problems_of(folder, text)
    assert any(problem in line for line in problems), problems


def test_two_functions_may_not_have_one_name(folder: Path) -> None:
    text = timer("0 * * * * *") + http("@app.route('a')")
    assert problems_of(folder, text) == ["one: 2 functions have this name"]


def test_two_functions_may_not_have_one_route_for_the_same_method(folder: Path) -> None:
    text = """
        @app.route("leads/{id}", methods=["GET", "POST"])
        def first(req: func.HttpRequest) -> str: ...

        @app.route("Leads/{lead}", methods=["POST", "PUT"])
        def second(req: func.HttpRequest) -> str: ...

        @app.route("leads/{id}", methods=["DELETE"])
        def third(req: func.HttpRequest) -> str: ...
    """
    assert problems_of(folder, text) == [
        "second: route 'Leads/{lead}' with POST is already taken by first"
    ]


def test_queues_in_two_different_stores_are_refused(folder: Path) -> None:
    text = """
        @app.queue_trigger("msg", "wa-bell", "AzureWebJobsStorage")
        def first(msg: func.QueueMessage) -> None: ...

        @app.queue_trigger("msg", "wa-sweeps", "Elsewhere")
        def second(msg: func.QueueMessage) -> None: ...
    """
    problems = problems_of(folder, text, {"Elsewhere": "another"})
    assert problems == [
        "connections AzureWebJobsStorage, Elsewhere lead to different storage; "
        "the local host has one queue store"
    ]


def test_everything_wrong_is_listed_at_once(folder: Path) -> None:
    text = """
        @app.timer_trigger("t", "0 * * * *")
        def first(timer: func.TimerRequest) -> None: ...

        @app.queue_trigger("msg", "wa-bell", "Nowhere")
        def second(msg: func.QueueMessage) -> None: ...

        @app.route("a")
        def third(req: func.HttpRequest) -> str: ...

        @app.route("a")
        def fourth(req: str) -> str: ...

        @app.function_name("fourth")
        @app.route("b")
        def fifth(req: func.HttpRequest) -> str: ...
    """
    problems = problems_of(folder, text, host_json={"version": "1.0"})
    starts = [
        'host.json: version must be "2.0"',
        "fourth: 2 functions have this name",
        "first: schedule '0 * * * *' has five fields",
        "first: parameter 'timer' has no binding",
        "first: binding 't' has no parameter",
        "second: connection setting 'Nowhere'",
        "fourth: parameter 'req' must be annotated",
        "fourth: route 'a' with DELETE, GET",
    ]
    assert len(problems) == len(starts)
    assert all(any(line.startswith(start) for line in problems) for start in starts), problems


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AppRefused) as refusal:
        load_app(tmp_path, {}, at=NOW)
    assert refusal.value.problems == (
        f"there is no host.json in {tmp_path}",
        f"there is no function_app.py in {tmp_path}",
    )


def test_an_app_further_down_the_path_is_not_taken_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_app(tmp_path / "other", http("@app.route('other')"))
    wanted = write_app(tmp_path / "wanted", http("@app.route('wanted')"))
    monkeypatch.syspath_prepend(wanted)
    monkeypatch.syspath_prepend(other)
    loaded = load_app(wanted, STORAGE, at=NOW)
    assert loaded.functions[0].trigger == HttpTrigger("wanted", (), AuthLevel.FUNCTION)


def test_the_place_of_an_error_is_in_the_app_even_when_started_from_its_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_app(folder, "import nowhere_to_be_found\n")
    monkeypatch.chdir(folder)
    with pytest.raises(AppRefused, match=r"function_app\.py line 3: ModuleNotFoundError"):
        load_app(folder, STORAGE, at=NOW)
