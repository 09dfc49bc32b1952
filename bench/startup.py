"""Print how long commands and the server take to start, against another checkout of this project.

    python bench/startup.py --against DIR [--rounds N]

Both builds run in turn, in the same interpreter with the same libraries. The last column says whether the ratio is
within its limit; the exit code is 1 if one is not.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from segmentation.phantom import PhantomSpec, write_phantom

HERE = Path(__file__).resolve().parents[1]
ANSWER_WITHIN_S = 300.0
POLL_S = 0.005
# What is measured, and the largest ratio to the other build that is accepted.
LIMITS = {"spineview --help": 0.5, "spineview info FILE.nii.gz": 0.5, "spineview serve to the first page": 0.6}


class Build:
    """One checkout, run by this interpreter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        project = tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        module, _, function = project["scripts"]["spineview"].partition(":")
        self._code = f"import sys; from {module} import {function} as main; sys.exit(main())"

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start ``spineview`` with arguments; what it prints is thrown away."""
        return subprocess.Popen(
            [sys.executable, "-c", self._code, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def command_s(self, *arguments: str) -> float:
        """Run a command to its end; seconds that it took."""
        start = time.perf_counter()
        code = self.start(*arguments).wait()
        seconds = time.perf_counter() - start
        if code != 0:
            raise SystemExit(f"{self.folder}: spineview {' '.join(arguments)} ended with {code}")
        return seconds

    def first_page_s(self) -> float:
        """Start the server on an empty folder; seconds until it has answered with its home page."""
        port = free_port()
        with tempfile.TemporaryDirectory() as data:
            start = time.perf_counter()
            server = self.start("serve", "--port", str(port), "--data", data)
            try:
                while not answers(port):
                    if server.poll() is not None or time.perf_counter() - start > ANSWER_WITHIN_S:
                        raise SystemExit(f"{self.folder}: the server did not start")
                    time.sleep(POLL_S)
                return time.perf_counter() - start
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def answers(port: int) -> bool:
    """Whether a server on this port answers with a whole page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status == 200 and b"</html>" in answer.read()
    except OSError:
        return False
    finally:
        connection.close()


def main() -> int:
    """Print a table of medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, required=True, metavar="DIR", help="the other checkout")
    parser.add_argument("--rounds", type=int, default=7, help="of each measurement (7)")
    options = parser.parse_args()
    other, own = Build(options.against), Build(HERE)
    with tempfile.TemporaryDirectory() as folder:
        write_phantom(Path(folder), PhantomSpec(levels=("L1", "L2")))
        scan = str(Path(folder) / "ct.nii.gz")
        measured: list[Callable[[Build], float]] = [
            lambda build: build.command_s("--help"),
            lambda build: build.command_s("info", scan),
            Build.first_page_s,
        ]
        print(f"{'':36}{'other':>9}{'this':>9}{'ratio':>8}{'limit':>8}   ({options.rounds} rounds in turn, medians)")
        kept = [
            _report(name, limit, *_in_turn(measure, other, own, options.rounds))
            for (name, limit), measure in zip(LIMITS.items(), measured, strict=True)
        ]
    return 0 if all(kept) else 1


def _in_turn(measure: Callable[[Build], float], other: Build, own: Build, rounds: int) -> tuple[float, float]:
    """Medians in seconds. A first round, in which files come from the disk and are compiled, does not count."""
    times = [(measure(other), measure(own)) for _ in range(rounds + 1)][1:]
    first, second = zip(*times, strict=True)
    return statistics.median(first), statistics.median(second)


def _report(name: str, limit: float, other_s: float, own_s: float) -> bool:
    ratio = own_s / other_s
    within = ratio <= limit
    verdict = "within" if within else "OVER"
    print(f"{name:36}{other_s:7.2f} s{own_s:7.2f} s{ratio:8.2f}{limit:8.2f}   {verdict}", flush=True)
    return within


if __name__ == "__main__":
    sys.exit(main())
