"""A submission becomes a folder that can be built, in whatever way it is packed."""

import zipfile
from pathlib import Path

import pytest

from grading.staging import Unusable, below, stage


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "handed in"
    folder.mkdir()
    return folder


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    folder = tmp_path / "submission"
    folder.mkdir()
    return folder


def packed(file: Path, **texts: str) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name.replace("__", "/"), text)
    return file


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in below(folder)}


def stage_all(source: Path, staged: Path) -> None:
    stage({path.name: path for path in source.iterdir()}, staged)


def test_an_archive_of_nested_folders_is_flattened(source: Path, staged: Path) -> None:
    (source / "a").mkdir()
    packed(source / "a" / "b.zip", lab__Dockerfile="FROM x", lab__src__main_c="int")
    stage_all(source, staged)
    assert names(staged) == {"Dockerfile", "src", "src/main_c"}


def test_links_stay_links_and_everything_else_becomes_readable(source: Path, staged: Path) -> None:
    (source / "server.py").touch(0o600)
    (source / "bin").mkdir(0o700)
    (source / "bin" / "run").touch(0o700)
    (source / "passwd").symlink_to("/etc/passwd")
    stage_all(source, staged)
    assert (staged / "passwd").is_symlink()
    modes = {name: (staged / name).stat().st_mode & 0o777 for name in ("server.py", "bin/run")}
    assert modes == {"server.py": 0o644, "bin/run": 0o755}


def test_names_in_an_old_zip_encoding_are_read(source: Path, staged: Path) -> None:
    utf8 = packed(source / "a.zip", server_py="", Lx="x").read_bytes()
    (source / "a.zip").write_bytes(
        utf8.replace(b"server_py", b"server.py").replace(b"Lx", b"L\x94")
    )
    stage_all(source, staged)
    assert names(staged) == {"server.py", "Lö"}


def test_an_unreadable_submission_is_reported(
    source: Path, staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grading.staging.MOST", 10)
    archive = packed(source / "a.zip", server_py="much more than ten bytes")
    with pytest.raises(Unusable, match=r"^cannot be read: its archive is too large$"):
        stage_all(source, staged)
    archive.unlink()
    with pytest.raises(Unusable, match=r"^cannot be read: .*No such file"):
        stage({"a.zip": archive}, staged)


def test_several_programs_are_listed_and_none_is_chosen(source: Path, staged: Path) -> None:
    for name in ("b.py", "a.py", "c.txt"):
        (source / name).touch()
    with pytest.raises(Unusable, match=r"^has neither .*, only a\.py, b\.py and c\.txt$"):
        stage_all(source, staged)
