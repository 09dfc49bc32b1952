"""The command ``spineview tracker``: simulate, record, replay a tracker that speaks OpenIGTLink. Research use only."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.cli.options.output import check_writable, write_json
from segmentation.core.errors import BadConfiguration, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segmentation.planning.screw import Screw
    from segmentation.registration.search import Level
    from segmentation.tracking.readings import Reading
    from segmentation.tracking.server import MessageServer
    from segmentation.tracking.simulate import SimulatedTracker

_STATUS_EVERY_S = 1.0
_KINDS = ("TRANSFORM", "TRANSFORM2", "POSITION", "QTDATA")
"""Messages that carry a pose; TRANSFORM2 has version 2 of the header and says itself when a tool is not seen."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the three things that it can do, and what is simulated."""
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--simulate", action="store_true", help="serve a tool that visits the screws of a plan")
    what.add_argument("--record", metavar="FILE.jsonl", type=Path, help="record what --from sends")
    what.add_argument("--replay", metavar="FILE.jsonl", type=Path, help="serve a recording, at its own pace")
    command.add_argument("--plan", metavar="PLAN.json", type=Path, help="the screws; else they are proposed")
    command.add_argument("--vertebrae", metavar="VERT.nii.gz", type=Path, help="label map in VerSe numbering")
    command.add_argument("--label", type=int, help="VerSe number of the vertebra that is touched and visited")
    command.add_argument("--touch", metavar="DIR", type=Path, help="write points.csv, landmarks.csv, truth.json there")
    command.add_argument("--points", type=int, default=100, help="how many points are touched")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on")
    command.add_argument("--port", type=int, default=18944)
    command.add_argument("--rate", metavar="HZ", type=float, default=50.0)
    command.add_argument("--message", choices=_KINDS, default=_KINDS[0])
    command.add_argument("--noise", metavar="MM", type=float, default=0.25, help="in each direction")
    command.add_argument("--occlusion", metavar="S", type=float, default=0.0, help="of every 15 s, tool not seen")
    command.add_argument("--silence", metavar="S", type=float, default=0.0, help="of every 15 s, nothing is sent")
    command.add_argument("--latency", metavar="S", type=float, default=0.0, help="from a pose to its message")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--wait", action="store_true", help="begin when the first client is there")
    command.add_argument(
        "--seconds",
        metavar="S",
        type=float,
        help="stop after that, of a recording from its first reading; else at Ctrl+C",
    )
    command.add_argument("--from", dest="source", metavar="HOST:PORT", help="the tracker that is recorded")


def run(options: argparse.Namespace) -> int:
    """Serve or record until the time is over."""
    from segmentation.registration.register import RESEARCH_USE_ONLY

    print(RESEARCH_USE_ONLY)
    if not 0 < options.rate <= 500 or options.latency < 0 or options.noise < 0:
        raise BadConfiguration("tracker.bad_rate")
    if options.record is not None:
        return asyncio.run(_record(options))
    if options.replay is not None:
        return asyncio.run(_replay(options))
    return asyncio.run(_simulate(options, _simulated(options)))


def _simulated(options: argparse.Namespace) -> SimulatedTracker:
    import numpy as np

    from segmentation.readers import read_label_map
    from segmentation.registration.search import prepare_level
    from segmentation.tracking.simulate import Disturbance, SimulatedTracker, random_motion

    random = np.random.default_rng(options.seed)
    motion = random_motion(random)
    label_map = None if options.vertebrae is None else read_label_map(options.vertebrae)
    if options.plan is not None:
        from segmentation.planning.plan import read_plan

        screws = read_plan(options.plan).screws
        screws = [screw for screw in screws if options.label in (None, screw.label)]
    elif label_map is not None:
        from segmentation.core.labels import SPINE_NUMBERS
        from segmentation.planning.propose import NOT_CERVICAL, propose

        present = [n for n in label_map.present if n in SPINE_NUMBERS and n not in NOT_CERVICAL]
        screws = propose(label_map, present if options.label is None else [options.label])[0]
    else:
        raise BadConfiguration("tracker.nothing_to_follow")
    if not screws:
        raise InputError("tracker.no_screws")
    if options.touch is not None:
        if label_map is None:
            raise BadConfiguration("tracker.touch_needs_labels")
        level = prepare_level(label_map, options.label or screws[0].label)
        _write_touched(level, motion, options, random, screws)
    wrong = Disturbance(
        noise_mm=options.noise, hidden_s=options.occlusion, silent_s=options.silence, latency_s=options.latency
    )
    return SimulatedTracker(screws, motion, wrong, random)


def _write_touched(
    level: Level,
    motion: NDArray[np.float64],
    options: argparse.Namespace,
    random: np.random.Generator,
    screws: list[Screw],
) -> None:
    from segmentation.core.atomic import write_atomically
    from segmentation.registration import rigid
    from segmentation.tracking.simulate import touched_landmarks, touched_points

    options.touch.mkdir(parents=True, exist_ok=True)
    check_writable(options.touch / "truth.json")
    points = rigid.apply(motion, touched_points(level, options.points, max(options.noise, 1e-6), random))
    names, touched, image = touched_landmarks(level, 1.0, random)
    touched = rigid.apply(motion, touched)
    rows = ["x,y,z", *(",".join(f"{value:.3f}" for value in point) for point in points)]
    write_atomically(options.touch / "points.csv", "\n".join(rows) + "\n")
    pairs = [
        ",".join([name, *(f"{value:.3f}" for value in (*one, *other))])
        for name, one, other in zip(names, touched, image, strict=True)
    ]
    write_atomically(options.touch / "landmarks.csv", "\n".join(["name,x,y,z,r,a,s", *pairs]) + "\n")
    truth = {
        "label": level.label,
        "image_from_tracker": rigid.inverse(motion).tolist(),
        "convention": "row-major; maps column vectors of tracker mm to image RAS+ mm",
        "screws": [screw.name for screw in screws],
    }
    write_json(truth, options.touch / "truth.json")
    print(f"{options.touch}: points.csv, landmarks.csv, truth.json")


async def _simulate(options: argparse.Namespace, tracker: SimulatedTracker) -> int:
    from segmentation.tracking.server import serving

    async with serving(options.host, options.port) as server:
        print(f"simulated tracker on {options.host}:{server.port}, {options.rate:g} Hz", flush=True)
        if options.wait:
            await server.someone()
        begun, number, status_at = time.monotonic(), 0, 0.0
        while options.seconds is None or number / options.rate < options.seconds:
            t = number / options.rate
            await asyncio.sleep(max(0.0, begun + t + tracker.disturbance.latency_s - time.monotonic()))
            if not tracker.is_silent(t):
                _send(server, tracker, options.message, t)
                if t >= status_at:
                    _send_status(server, tracker, t)
                    status_at = t + _STATUS_EVERY_S
            # A computer that slept does not send what it missed.
            number = max(number + 1, int((time.monotonic() - begun - tracker.disturbance.latency_s) * options.rate))
    return 0


def _send(server: MessageServer, tracker: SimulatedTracker, kind: str, t: float) -> None:
    from segmentation.tracking.messages import position_bytes, quaternions_bytes, transform_bytes
    from segmentation.tracking.simulate import DEVICE

    pose = tracker.pose(t, time.time() - tracker.disturbance.latency_s)
    if kind == "TRANSFORM2":
        server.send(transform_bytes(pose, 2))
    elif kind == "QTDATA":
        server.send(quaternions_bytes(DEVICE, [pose], pose.sent_s))
    elif pose.is_visible:
        server.send(transform_bytes(pose) if kind == "TRANSFORM" else position_bytes(pose))


def _send_status(server: MessageServer, tracker: SimulatedTracker, t: float) -> None:
    from segmentation.tracking.messages import status_bytes
    from segmentation.tracking.readings import DeviceStatus
    from segmentation.tracking.simulate import DEVICE

    hidden = tracker.is_hidden(t)
    text = "the tool is not seen" if hidden else "simulated, research use only"
    server.send(status_bytes(DeviceStatus(DEVICE, 13 if hidden else 1, 0, "OK", text, time.time())))


async def _record(options: argparse.Namespace) -> int:
    from segmentation.tracking.address import parse_address
    from segmentation.tracking.client import TrackerClient
    from segmentation.tracking.recording import Recorder

    check_writable(options.record, ".jsonl")
    host, port = parse_address(options.source or f"{options.host}:{options.port}")
    with Recorder(options.record, f"{host}:{port}") as recorder:
        print(f"recording {host}:{port}", flush=True)
        begun = asyncio.Event()

        def take(reading: Reading, arrived_s: float) -> None:
            recorder.take(reading, arrived_s)
            begun.set()

        following = asyncio.create_task(TrackerClient(host, port, take).run())
        try:
            if options.seconds is None:
                await following
            await begun.wait()
            await asyncio.sleep(options.seconds)
        finally:
            following.cancel()
    print(options.record)
    return 0


async def _replay(options: argparse.Namespace) -> int:
    from segmentation.tracking.messages import bytes_of
    from segmentation.tracking.recording import read_recording
    from segmentation.tracking.server import serving

    rows = read_recording(options.replay)
    first = next(rows, None)
    if first is None:
        raise InputError("tracker.empty_recording", name=options.replay.name)
    async with serving(options.host, options.port) as server:
        print(json.dumps({"replay": options.replay.name, "port": server.port}), flush=True)
        await server.someone()
        begun, shift = time.monotonic(), time.time() - (first[1].sent_s or 0.0)
        for t, reading in chain([first], rows):
            await asyncio.sleep(max(0.0, begun + t - time.monotonic()))
            # Delays stay what they were: all times are shifted alike, to now.
            sent = None if reading.sent_s is None else reading.sent_s + shift
            server.send(bytes_of(replace(reading, sent_s=sent)))
        await asyncio.sleep(0.2)  # until the last bytes are on their way
    return 0
