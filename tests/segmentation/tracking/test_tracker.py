"""Client, server, recordings, the simulated tracker, and the C++ library's own programs."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segmentation.cli.main import main
from segmentation.core.errors import InputError
from segmentation.planning.screw import Screw
from segmentation.registration import rigid
from segmentation.tracking.address import parse_address
from segmentation.tracking.client import TrackerClient
from segmentation.tracking.messages import bytes_of
from segmentation.tracking.readings import DeviceStatus, Reading, ToolPose, TouchedPoints
from segmentation.tracking.recording import Recorder, read_recording
from segmentation.tracking.server import serving
from segmentation.tracking.simulate import Disturbance, SimulatedTracker, random_motion

EXAMPLES = Path("/usr/share/doc/openigtlink-examples/examples")
HEADERS = Path("/usr/include/openigtlink")
SCREW = Screw(22, "right", np.array([10.0, -30, 5]), np.array([5.0, 10, 5]), 6.0)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a fact; the time is for a machine that is busy with other things."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen"
        await asyncio.sleep(0.005)


async def collected(port: int, enough: Callable[[list[Reading]], object], start: str = "") -> list[Reading]:
    """What a client reads at a port until it is enough."""
    found: list[Reading] = []
    task = asyncio.create_task(TrackerClient("127.0.0.1", port, lambda r, _: found.append(r), start=start).run())
    try:
        await until(lambda: enough(found))
    finally:
        task.cancel()
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [("camera", ("camera", 18944)), ("10.0.0.7:18945", ("10.0.0.7", 18945)), ("[::1]:5", ("::1", 5))],
)
def test_addresses(text: str, found: tuple[str, int]):
    assert parse_address(text) == found


@pytest.mark.parametrize("text", ["", ":5", "a:b", "a:99999", "http://a", "user@a", "a b:3", "a/b"])
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(InputError):
        parse_address(text)


def test_a_client_comes_back_after_its_server_went():
    async def story() -> None:
        port, found = free_port(), []
        client = TrackerClient("127.0.0.1", port, lambda r, _: found.append(r))
        task = asyncio.create_task(client.run())
        pose = ToolPose("T", np.eye(4), True, 1.0)
        try:
            await until(lambda: client.problem)  # nobody is there yet
            for times in (1, 2):
                async with serving("127.0.0.1", port) as server:
                    await server.someone()
                    server.send(bytes_of(pose))
                    await until(lambda n=times: len(found) == n)
                    assert client.is_connected
                await until(lambda: not client.is_connected)
            assert client.connections == 2
        finally:
            task.cancel()

    asyncio.run(story())


def test_a_recording_holds_what_came(tmp_path: Path):
    path = tmp_path / "session.jsonl"
    matrix = rigid.compose(rigid.from_vector(np.array([0.1, 0.2, 0.3])), np.array([1.0, 2, 3]))
    said: list[tuple[float, Reading]] = [
        (0.0, ToolPose("T", matrix, True, 100.0)),
        (0.02, ToolPose("T", np.eye(4), False, 100.02)),
        (0.5, TouchedPoints("P", ("a",), np.array([[1.0, 2, 3]]), None)),
        (1.0, DeviceStatus("D", 1, 0, "OK", "文字", 101.0)),
    ]
    with Recorder(path, "here") as recorder:
        for t, reading in said:
            recorder.take(reading, 50.0 + t)
    with path.open("a") as file:
        file.write('{"type": "pose", "t": 1.2, "to')  # where a crash cut it
    found = list(read_recording(path))
    assert [t for t, _ in found] == pytest.approx([t for t, _ in said])
    assert isinstance(found[0][1], ToolPose)
    assert found[0][1].tracker_from_tool == pytest.approx(matrix, abs=1e-6)
    assert isinstance(found[1][1], ToolPose)
    assert not found[1][1].is_visible
    assert found[3][1] == said[3][1]


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        (["nothing"], "tracker.not_a_recording"),
        (['{"schema": "spineview.tracking/9"}'], "tracker.not_a_recording"),
        (['{"schema": "spineview.tracking/1"}', "{}"], "tracker.bad_recording"),
        (
            [
                '{"schema": "spineview.tracking/1"}',
                '{"type":"pose","t":1,"tool":"T","tracker_from_tool":[[1,2],[3,4]]}',
            ],
            "tracker.bad_recording",
        ),
        (
            ['{"schema": "spineview.tracking/1"}']
            + [f'{{"type":"pose","t":{t},"tool":"T","tracker_from_tool":null}}' for t in (2, 1)],
            "tracker.bad_recording",
        ),
    ],
)
def test_a_damaged_recording_is_refused(lines: list[str], key: str, tmp_path: Path):
    path = tmp_path / "session.jsonl"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError) as refusal:
        list(read_recording(path))
    assert refusal.value.problem.message.key == key


def test_the_simulated_tool_goes_along_the_planned_axis_to_its_tip():
    tracker = SimulatedTracker([SCREW], random_motion(np.random.default_rng(4)), Disturbance(0, 0))
    place = tracker.true_pose(9.0)  # 3 s to the entry, 5 s ahead, then it rests
    assert np.linalg.norm(place[:3, 3] - SCREW.tip_mm) < 1.0
    assert place[:3, 2] @ SCREW.direction > np.cos(np.radians(2))
    seen = tracker.pose(9.0, 0.0)
    assert rigid.inverse(tracker.tracker_from_image) @ seen.tracker_from_tool == pytest.approx(place, abs=1e-9)
    steps = [tracker.true_pose(t)[:3, 3] for t in np.arange(0, 24, 0.02)]
    assert np.linalg.norm(np.diff(steps, axis=0), axis=1).max() < 2.0  # never jumps


def test_noise_and_occlusion_of_the_simulated_tracker():
    tracker = SimulatedTracker([SCREW], np.eye(4), Disturbance(noise_mm=0.5, noise_deg=0, hidden_s=3.0))
    errors = [tracker.pose(9.0, 0.0).tracker_from_tool[:3, 3] - tracker.true_pose(9.0)[:3, 3] for _ in range(400)]
    assert np.std(errors) == pytest.approx(0.5, rel=0.1)
    hidden = [tracker.is_hidden(t) for t in np.arange(0, 150, 0.1)]
    assert np.mean(hidden) == pytest.approx(0.2, abs=0.01)


def test_simulate_record_and_replay_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"screws": [SCREW.to_json()]}))
    port, record = free_port(), tmp_path / "session.jsonl"

    async def story(serve: list[str], seconds: str) -> None:
        recording = ["--record", str(record), "--from", f"127.0.0.1:{port}", "--seconds", seconds]
        commands = (["tracker", *serve, "--port", str(port)], ["tracker", *recording])
        await asyncio.gather(*(asyncio.to_thread(main, command) for command in commands))

    serve = ["--simulate", "--wait", "--plan", str(plan), "--rate", "100", "--seconds", "1.5"]
    asyncio.run(story(serve, "1.0"))
    assert "Research use only" in capsys.readouterr().out
    first = list(read_recording(record))
    poses = [reading for _, reading in first if isinstance(reading, ToolPose)]
    assert len(poses) > 5
    assert {reading.text for _, reading in first if isinstance(reading, DeviceStatus)} == {
        "simulated, research use only"
    }
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(record.read_bytes())
    asyncio.run(story(["--replay", str(copy)], "0.5"))
    again = [reading for _, reading in read_recording(record) if isinstance(reading, ToolPose)]
    assert 0 < len(again) <= len(poses)
    for one, other in zip(again, poses, strict=False):
        assert one.tracker_from_tool == pytest.approx(other.tracker_from_tool, abs=1e-4)


def test_the_command_says_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for arguments, word in (
        (["--simulate"], "--plan"),
        (["--simulate", "--rate", "0"], "rate"),
        (["--replay", str(tmp_path / "no.jsonl")], "no.jsonl"),
    ):
        assert main(["tracker", *arguments]) == 2
        assert word in capsys.readouterr().err


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Builds a program of the C++ library's examples."""
    if not EXAMPLES.is_dir() or not HEADERS.is_dir() or not shutil.which("g++"):
        pytest.skip("no openigtlink-examples, libopenigtlink-dev or g++ here (scripts/ensure/tracking-tools)")
    folder = tmp_path_factory.mktemp("openigtlink")

    def build(name: str) -> Path:
        program = folder / Path(name).name
        if not program.exists():
            source = EXAMPLES / f"{name}.cxx"
            command = ["g++", f"-I{HEADERS}", str(source), "-o", str(program), "-lOpenIGTLink", "-lpthread"]
            subprocess.run(command, check=True, capture_output=True)
        return program

    return build


@pytest.mark.parametrize(
    ("name", "arguments", "start"),
    [
        ("Tracker/TrackerServer", ["50"], ""),  # TRANSFORM
        ("Tracker/TrackerServer2", ["50"], ""),  # POSITION
        ("TrackingData/TrackingDataServer", [], "TDATA"),
        ("QuaternionTrackingData/QuaternionTrackingDataServer", [], "QTDATA"),
    ],
)
def test_poses_of_the_real_library(name: str, arguments: list[str], start: str, programs: Callable[[str], Path]):
    """Its examples move a tool on a circle: x = z = 50 cos phi, y = 50 sin phi."""
    port = free_port()
    server = subprocess.Popen(
        [programs(name), str(port), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        found = asyncio.run(collected(port, lambda readings: len(readings) > 6, start))
    finally:
        server.kill()
        server.wait()
    for pose in found:
        assert isinstance(pose, ToolPose)
        assert pose.is_visible
        x, y, z = pose.tracker_from_tool[:3, 3]
        assert x == pytest.approx(z, abs=1e-3)
        assert np.hypot(x, y) == pytest.approx(50, abs=1e-3)
    if start:
        assert len({pose.tool for pose in found if isinstance(pose, ToolPose)}) == 3


def test_points_and_status_of_the_real_library(programs: Callable[[str], Path]):
    for name, enough in (("Point/PointServer", 1), ("Status/StatusServer", 1)):
        port = free_port()
        server = subprocess.Popen([programs(name), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            (found, *_) = asyncio.run(collected(port, lambda readings, n=enough: len(readings) >= n))
        finally:
            server.kill()
            server.wait()
        if isinstance(found, TouchedPoints):
            assert found.names == ("POINT_0", "POINT_1", "POINT_2")
            assert found.points_mm.tolist() == [[10, 20, 30], [40, 50, 60], [70, 80, 90]]
        else:
            assert found == DeviceStatus("Device", 1, 128, "OK!", "This is a test to send status message.", None)


def test_the_real_library_reads_ours(programs: Callable[[str], Path]):
    """Its ReceiveClient prints what it gets: a quarter of a turn at 10, 20, 30 mm."""
    matrix = rigid.compose(rigid.from_vector(np.array([0, 0, np.pi / 2])), np.array([10.0, 20, 30]))
    sent = [
        bytes_of(DeviceStatus("D", 13, 5, "Lost", "not seen", 1.0)),
        bytes_of(TouchedPoints("P", ("facet",), np.array([[1.5, 2.5, 3.5]]), 1.0)),
    ]

    async def story() -> str:
        from segmentation.tracking.messages import position_bytes, quaternions_bytes

        pose = ToolPose("Pointer", matrix, True, 1.0)
        sent.extend([bytes_of(pose), position_bytes(pose), quaternions_bytes("D", [pose], 1.0)])
        async with serving("127.0.0.1", 0) as server:
            client = await asyncio.create_subprocess_exec(
                programs("Receiver/ReceiveClient"), "127.0.0.1", str(server.port),
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            await server.someone()
            for message in sent:
                server.send(message)
            server.close()
            return (await client.communicate())[0].decode()

    said = asyncio.run(story())
    assert "Code      : 13" in said
    assert "Status    : not seen" in said
    assert "facet" in said
    assert "position   = (10.000000, 20.000000, 30.000000)" in said
    assert ", -1, 0, 10\n1, " in said  # TRANSFORM: rows of the matrix
    assert said.count("0.707107, 0.707107") == 2  # sin and cos of 45 degrees, in POSITION and in QTDATA
