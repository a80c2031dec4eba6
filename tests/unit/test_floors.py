"""Who may import whom: the table of docs/design.md as data, checked against the code itself."""

import ast
from functools import cache
from pathlib import Path

import pytest

# A module may import those on lower floors, and no others of ours.
SERVER = [
    {"clock", "ticks", "histogram", "protocol", "models", "connection", "port", "signals"}
    | {"writer", "dispatcher", "drawings", "work", "replica", "views.cells"},
    {"record", "farewell", "log", "webserver", "status"},
    {"totals", "resolver", "transcript", "views.picture", "views.replicas"},
    {"registry", "views.strokes", "views.table", "views.scale"},
    {"session", "views.layout", "views.metrics", "views.axis", "views.svg"},
    {"listener", "options", "views.pages", "views.trace", "views.terminal"},
    {"web", "views.merged", "views.merged_trace"},
    {"onlooker"},
    {"commands"},
    {"__main__"},
]
CLIENT = [
    {"dialect", "script", "stop", "log", "check.failure"},
    {"address", "connection", "terminal", "check.caller"},
    {"delivery", "check.subject"},
    {"conversation", "check.claim"},
    {"tally", "check.conversations", "check.crowds", "check.departures", "check.lines"},
    {"run", "chat", "options", "check.scorecard"},
    {"check.report"},
    {"check.options"},
    {"__main__"},
]
# What shows reads the registry's snapshot, and knows nothing of what serves.
SHOWS = ["server/web.py", *map(str, sorted(Path("server/views").glob("*.py")))]
SERVES = {"server.session", "server.listener", "server.models", "server.connection"}
NEVER = [
    ("server/protocol.py", {"socket", "threading", "select"}),
    ("server/models.py", {"socket"}),
    ("server/registry.py", {"socket"}),
    ("server/record.py", {"threading", "socket"}),
    ("client/dialect.py", {"socket", "select"}),
    *[(path, SERVES) for path in SHOWS],
]


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
    """The modules of a package, each with those of the same package that it imports."""
    paths = {
        ".".join(path.relative_to(package).with_suffix("").parts): path
        for path in Path(package).rglob("*.py")
        if path.stem != "__init__"
    }
    return {
        name: {other for other in paths if f"{package}.{other}" in imported(path)}
        for name, path in paths.items()
    }


@pytest.mark.parametrize(("package", "floors"), [("server", SERVER), ("client", CLIENT)])
def test_a_module_imports_only_from_the_floors_below(package: str, floors: list[set[str]]) -> None:
    found = modules(package)
    assert set().union(*floors) == set(found)
    upward = {
        name: above
        for floor, names in enumerate(floors)
        for name in names
        if (above := found[name] - set().union(*floors[:floor]))
    }
    assert upward == {}


@pytest.mark.parametrize(("package", "other"), [("server", "client"), ("client", "server")])
def test_server_and_client_never_import_each_other(package: str, other: str) -> None:
    for path in Path(package).rglob("*.py"):
        assert not [name for name in imported(path) if name.split(".")[0] == other], path


@pytest.mark.parametrize(("path", "forbidden"), NEVER)
def test_what_must_not_know_of_something_does_not_import_it(path: str, forbidden: set[str]) -> None:
    assert imported(Path(path)) & forbidden == set()


def test_each_model_reads_in_under_twenty_lines() -> None:
    tree = ast.parse(Path("server/models.py").read_text(encoding="utf-8"))
    models = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    lengths = {model.name: (model.end_lineno or 0) - model.lineno + 1 for model in models}
    assert {"ThreadPerClient", "Pool", "OneLock"} < set(lengths)
    assert max(lengths.values()) < 20
