"""Which module may import which: the table of docs/design.md, checked against the code."""

import ast
from functools import cache
from pathlib import Path

import pytest

# Within its package, a module may import only those on lower floors.
FLOORS = {
    "server": [
        {"chat.clock", "chat.gil", "chat.ticks", "chat.histogram", "chat.protocol", "chat.models"}
        | {"chat.connection", "chat.sockets", "chat.signals", "chat.work", "log.output", "health"},
        {"chat.record", "chat.certificates", "chat.affinity", "log.writer"},
        {"chat.totals", "chat.resolver", "chat.endpoint", "log.lines"},
        {"chat.registry", "chat.tls", "log.transcript"},
        {"chat.lingering", "http.metrics", "http.sessions"},
        {"chat.session"},
        {"chat.handshake", "chat.listener", "http.app"},
        {"http.webserver"},
        {"options", "startup"},
        {"command"},
        {"__main__"},
    ],
    "client": [
        {"protocol", "script", "signals", "log"},
        {"address", "connection", "terminal"},
        {"delivery", "tls"},
        {"conversation"},
        {"tally", "chat", "options"},
        {"run"},
        {"__main__"},
    ],
    "lanes": [
        {"session"},
        {"snapshot", "signals", "terminal.cells", "check.address", "check.failure", "check.control"}
        | {"check.protocol", "watch.syscalls", "watch.netlink", "watch.printable", "watch.proc"}
        | {"check.tls", "watch.rights", "watch.pace", "watch.epolls", "svg.rows"},
        {
            "document",
            "invitation",
            "picture",
            "agreement",
            "check.connection",
            "check.printed",
            "page.settings",
        }
        | {"watch.waits", "watch.tables", "watch.pyspy", "watch.family"},
        {"replicas", "folding", "check.caller", "check.dialer", "watch.target"},
        {"ask", "bars", "colours", "marks", "page.table", "check.subject"}
        | {"check.hearing", "watch.process", "watch.sockets", "watch.python_lines"},
        {"notes", "watch.processes", "watch.claim", "check.nearby"},
        {"layout", "past", "trace", "templates", "svg.scale", "terminal.strokes", "terminal.table"}
        | {"check.claim"}
        | {"watch.evidence", "check.rounds", "check.survival"},
        {
            "watch.sharing",
            "watch.newcomers",
            "watch.singles",
            "watch.runs",
            "check.symptoms",
            "check.unasked",
        },
        {"watch.guesses", "check.arrivals"},
        {"watch.attribution", "watch.connections", "watch.listeners", "watch.loops"}
        | {"watch.runtimes", "watch.threads", "check.turns"},
        {"watch.kinds", "watch.records"},
        {"watch.pollers", "watch.moment"},
        {"watch.classify"},
        {"watch.watcher"},
        {"watch.facts"},
        {"watch.describing"},
        {"watch.session", "check.arguments", "check.judgement"},
        {"options", "svg.drawing", "terminal.drawing", "page.latest", "check.conversations"}
        | {
            "check.crowds",
            "check.departures",
            "check.visits",
            "check.lines",
            "check.started",
            "check.lookout",
        },
        {"page.query", "check.computing"},
        {"page.documents", "check.scorecard", "check.threads", "testing"},
        {"page.app", "check.report", "check.choice", "check.absent", "check.tls_options"},
        {"page.serving", "check.options", "check.showing"},
        {"commands", "check.command", "watch.ending"},
        {"watch.showing"},
        {"watch.command"},
        {"__main__"},
    ],
    "grading": [
        {"engine", "outcome", "archive", "settings", "keep_end"},
        {"staging"},
        {"handed_in", "book", "image"},
        {"room", "feedback"},
        {"results", "grader"},
        {"run"},
        {"command"},
    ],
}
NEVER = [
    ("server/chat/protocol.py", {"socket", "threading", "select"}),
    ("server/chat/models.py", {"socket"}),
    ("server/chat/registry.py", {"socket"}),
    ("server/chat/record.py", {"threading", "socket"}),
    ("client/protocol.py", {"socket", "threading", "select"}),
    ("lanes/check/protocol.py", {"socket", "threading", "select"}),
    # The HTTP side publishes snapshots; it must not know the modules that serve clients.
    *[
        (path, {f"server.chat.{name}" for name in ("session", "listener", "models", "connection")})
        for path in map(str, sorted(Path("server/http").glob("*.py")))
    ],
]
DRAWS = [
    *(Path("lanes", f"{name}.py") for name in ("snapshot", "document", "replicas", "picture")),
    *(Path("lanes", f"{name}.py") for name in ("bars", "layout", "marks", "notes", "trace")),
    *(Path("lanes", f"{name}.py") for name in ("colours", "folding", "invitation", "past")),
    *(path for folder in ("svg", "terminal") for path in Path("lanes", folder).glob("*.py")),
]
REACHES_OUT = {"os", "pathlib", "io", "socket", "http", "urllib", "select", "selectors", "asyncio"}
REACHES_OUT |= {"threading", "subprocess", "signal", "time", "tempfile", "shutil", "logging"}
REACHES_OUT |= {"lanes.ask", "lanes.page"}


@cache
def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def modules(package: str) -> dict[str, set[str]]:
    """Return the modules of a package, each with its imports from the same package."""
    paths = {
        ".".join(path.relative_to(package).with_suffix("").parts): path
        for path in Path(package).rglob("*.py")
        if path.stem != "__init__"
    }
    return {
        name: {other for other in paths if f"{package}.{other}" in imported(path)}
        for name, path in paths.items()
    }


@pytest.mark.parametrize("package", FLOORS)
def test_a_module_imports_only_from_the_floors_below_and_no_other_package(package: str) -> None:
    found, floors = modules(package), FLOORS[package]
    assert set().union(*floors) == set(found)
    upward = {
        name: above
        for floor, names in enumerate(floors)
        for name in names
        if (above := found[name] - set().union(*floors[:floor]))
    }
    assert upward == {}
    for path in Path(package).rglob("*.py"):
        others = {name.split(".")[0] for name in imported(path)} & (FLOORS.keys() - {package})
        assert others == set(), path


@pytest.mark.parametrize(("path", "forbidden"), NEVER)
def test_no_module_imports_what_it_must_not_know(path: str, forbidden: set[str]) -> None:
    assert imported(Path(path)) & forbidden == set()


@pytest.mark.parametrize("path", DRAWS, ids=str)
def test_modules_that_draw_do_no_input_or_output(path: Path) -> None:
    assert {name for name in imported(path) if {name, name.split(".")[0]} & REACHES_OUT} == set()
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    called = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    assert called & {"open", "print", "input"} == set()


def test_each_model_reads_in_under_twenty_lines() -> None:
    tree = ast.parse(Path("server/chat/models.py").read_text(encoding="utf-8"))
    models = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    lengths = {model.name: (model.end_lineno or 0) - model.lineno + 1 for model in models}
    assert {"ThreadPerClient", "Pool", "OneLock"} < set(lengths)
    assert max(lengths.values()) < 20
