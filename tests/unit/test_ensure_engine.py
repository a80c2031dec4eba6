"""What scripts/ensure-engine reports about a Compose that could not build."""

from pathlib import Path

import pytest

from tests.kit.command import Ran, run
from tests.kit.fake_program import put_on_path

ENGINE = """#!/bin/sh
case "$*" in
"compose version --short") echo "$COMPOSE" ;;
"buildx version") [ -n "$BUILDX" ] && echo "github.com/docker/buildx $BUILDX 0123abc" ;;
esac
"""


def ensure(folder: Path, compose: str, buildx: str) -> Ran:
    with pytest.MonkeyPatch.context() as patch:
        put_on_path(patch, folder, "docker", ENGINE)
        return run("scripts/ensure-engine", COMPOSE=compose, BUILDX=buildx)


@pytest.mark.parametrize(
    ("compose", "buildx"),
    [
        *[("2.26.1-4", "0.13.1+ds1"), ("2.40.0", ""), ("v2.9.0", "v0.9.1")],
        *[("2.40.3", "v0.17.0"), ("5.0.1", "0.30.1-desktop.1")],
    ],
)
def test_a_compose_that_can_build_is_not_mentioned(
    tmp_path: Path, compose: str, buildx: str
) -> None:
    done = ensure(tmp_path, compose, buildx)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("compose", "buildx"), [("2.40.3", "v0.13.1"), ("v5.0.0", "")])
def test_a_compose_that_needs_a_newer_buildx_is_reported_before_the_build(
    tmp_path: Path, compose: str, buildx: str
) -> None:
    done = ensure(tmp_path, compose, buildx)
    assert (done.returncode, done.stdout) == (1, "")
    here = buildx.removeprefix("v") or "none"
    wanted = f"Compose {compose} needs buildx 0.17 or later to build; this machine has {here}."
    assert done.stderr.startswith(f"ensure-engine: {wanted}")
