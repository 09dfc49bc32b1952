"""Process that touches DICOM bytes: one task on standard input, one result on standard output, then it ends.

Started by sandbox.py, under limits that it sets for itself before it reads anything.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segmentation.readers.limits import ReadLimits

_FAILED = 70  # exit status; Python's own, 1 and 2, say that the process did not start
Task = Callable[[dict[str, Any]], dict[str, Any]]


def list_files(request: dict[str, Any]) -> dict[str, Any]:
    """Find the files of ``path``, unpack what is packed, and list their series."""
    from segmentation.readers.dicom.find_files import find_files, is_zip, open_packed, unpack
    from segmentation.readers.dicom.listing import listing_to_json, make_listing
    from segmentation.readers.limits import ReadLimits

    limits = ReadLimits(**request["limits"])
    path = Path(request["path"])
    into, room = request["unpack_into"], request["unpack_bytes"]
    packed = path.is_file() and is_zip(path)
    found = unpack(path, Path(into), room) if packed else find_files(path)
    found.renamed = packed or request["renamed"]
    if into:
        open_packed(found, Path(into), room - sum(file.stat().st_size for file in found.files if packed))
    thumbnails = request["thumbnails"]
    listing = make_listing(found, limits, Path(thumbnails) if thumbnails else None)
    if not listing.series and into:
        listing = replace(listing, other=_other_scan(path, packed, found.files, request["names"], into, limits))
    return listing_to_json(listing)


def _other_scan(
    path: Path, packed: bool, files: list[Path], names: dict[str, str], into: str, limits: ReadLimits
) -> str:
    """Find the one scan that is no DICOM among the files of ``path``; join what is packed or has other names."""
    from segmentation.readers.dicom.find_files import names_in
    from segmentation.readers.several_files import find_scan, join

    if packed:
        inside = names_in(path)
        given = {inside[int(file.name)]: file for file in files if file.name.isdigit()}
    else:
        given = {names.get(file.name, str(file.relative_to(path))): file for file in files if file.is_relative_to(path)}
    scan = find_scan(given)
    if not scan:
        return ""
    return str(join(given, scan, Path(into), limits) if packed or names else given[scan])


def load(request: dict[str, Any]) -> dict[str, Any]:
    """Write the voxels of a volume made of ``frames`` into the file ``out``."""
    from segmentation.core.messages import Message
    from segmentation.readers.dicom.assemble import write_voxels

    name = Message.from_json(request["name"])
    written = write_voxels(_chosen(request["frames"]), Path(request["out"]), name)
    grid = written.layout.grid
    return {
        "dtype": written.kind.name,
        "shape": list(grid.shape),
        "affine": grid.affine.tolist(),
        "notes": [each.to_json() for each in written.notes],
    }


def keep(request: dict[str, Any]) -> dict[str, Any]:
    """Write the files of ``frames``, by position and de-identified if there is a ``secret``, into ``into``."""
    from segmentation.readers.dicom.retain_files import keep_files

    secret = request["secret"]
    frames = _chosen(request["frames"])
    return {"count": keep_files(frames, Path(request["into"]), bytes.fromhex(secret) if secret else None)}


def _chosen(wanted: list[list[Any]]) -> list[Any]:
    """Read the frames named by file and number, in that order."""
    from segmentation.core.errors import UnreadableFile
    from segmentation.readers.dicom.headers import Damaged, NotDicom, read_frames

    by_file: dict[str, list[Any]] = {}
    try:
        for path in dict.fromkeys(path for path, _ in wanted):
            by_file[path] = read_frames(Path(path))
        return [by_file[path][index] for path, index in wanted]
    except (Damaged, NotDicom, IndexError, OSError) as error:
        raise UnreadableFile("dicom.files_changed") from error


TASKS: dict[str, Task] = {"list": list_files, "load": load, "keep": keep}


def respond(request: dict[str, Any]) -> dict[str, Any]:
    """Do the task and return its result; for an input that is refused, the error."""
    from segmentation.core.errors import InputError

    try:
        return {"ok": TASKS[request["task"]](request)}
    except InputError as error:
        return {"error": error.to_json()}
    except MemoryError:
        return {"memory": True}


def _limit(memory_bytes: int, cpu_s: int, file_bytes: int) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _end(kind: type[BaseException], *_: object) -> None:
    """End after an error that nobody caught: a missing library is the installation's fault, all else the file's."""
    os._exit(1 if issubclass(kind, ImportError) else _FAILED)


def main() -> None:
    """Set the limits, then do the task. Whatever a library prints goes nowhere: it may quote a header."""
    request = json.load(sys.stdin)
    _limit(request["memory_bytes"], request["cpu_s"], request["file_bytes"])
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as reply:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        sys.excepthook = _end
        json.dump(respond(request), reply)


if __name__ == "__main__":
    main()
