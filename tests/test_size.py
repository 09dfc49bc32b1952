"""Source stays in pieces that a person can take in: folders of 15 files, files of 400 lines, functions of 60.

Complexity and the length of lines are ruff's to check; functions in JavaScript are ESLint's.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_FILES, MOST_FILE_LINES, MOST_FUNCTION_LINES = 15, 400, 60
SOURCES = ("segmentation", "webapp", "static/viewer/src", "static/js", "templates", "bench", "scripts")
SUFFIXES = {".py", ".js", ".vue", ".html"}


def too_large(folder: Path) -> list[str]:
    """Name every folder, file and Python function below ``folder`` that is over its limit, with its size."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    found = [f"{path}: {count} files" for path, count in Counter(path.parent for path in files).items()]
    found = [line for line in found if int(line.split(": ")[1].split()[0]) > MOST_FILES]
    for path in files:
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MOST_FILE_LINES:
            found.append(f"{path}: {len(lines)} lines")
        if path.suffix == ".py":
            found += [
                f"{path}: {name} has {size} lines" for name, size in functions(lines) if size > MOST_FUNCTION_LINES
            ]
    return found


def functions(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Each function of a Python file, inner ones and methods included, with its lines from decorator to end."""
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield node.name, (node.end_lineno or first) - first + 1


@pytest.mark.parametrize("source", SOURCES)
def test_no_folder_file_or_function_is_too_large(source: str):
    assert [line.removeprefix(f"{ROOT}/") for line in too_large(ROOT / source)] == []


def body(name: str, lines: int) -> str:
    return f"def {name}():\n" + "    pass\n" * (lines - 1)


def test_a_function_of_61_lines_is_too_large(tmp_path: Path):
    (tmp_path / "a.py").write_text(body("fits", 60) + "@cache\n" + body("long", 60))
    assert too_large(tmp_path) == [f"{tmp_path}/a.py: long has 61 lines"]


def test_a_file_of_401_lines_is_too_large(tmp_path: Path):
    (tmp_path / "fits.js").write_text("//\n" * 400)
    (tmp_path / "long.js").write_text("//\n" * 401)
    assert too_large(tmp_path) == [f"{tmp_path}/long.js: 401 lines"]


def test_a_folder_of_16_files_is_too_large(tmp_path: Path):
    for folder, count in (("fits", 15), ("full", 16)):
        (tmp_path / folder).mkdir()
        for number in range(count):
            (tmp_path / folder / f"{number}.py").touch()
    assert too_large(tmp_path) == [f"{tmp_path}/full: 16 files"]
