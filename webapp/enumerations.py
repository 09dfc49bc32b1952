"""Enumerations of the web application, shared by database, API, its description and pages."""

from __future__ import annotations

from typing import Literal, get_args

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
StudyState = Literal["ready", "queued", "running", "done", "failed", "cancelled"]
"""``"ready"`` before the first job, then the state of the latest one."""
Task = Literal["segment"]
Priority = Literal["urgent", "normal", "batch"]
"""Of a job, the most urgent first."""
MaskKind = Literal["model", "reference", "vertebrae"]
"""The engine's spine, what was uploaded with the CT, and the engine's vertebrae with names."""
LabelMapKind = Literal["spine", "vertebrae"]
Verdict = Literal["accepted", "needs_work"]
ReviewState = Literal["open", "resolved"]
MeasurementKind = Literal["distance", "angle", "cobb", "ellipse"]
StatisticName = Literal["mean_hu", "sd_hu", "voxels"]
Unit = Literal["mm", "deg", "mm2"]
Plane = Literal["axial", "coronal", "sagittal"]
SeriesPlane = Literal["axial", "coronal", "sagittal", "oblique", ""]
DicomKind = Literal["seg", "rtstruct", "capture"]
MeshFormat = Literal["stl", "obj", "ply", "glb"]
Axes = Literal["ras", "lps"]
Coding = Literal["med16", "raw16"]
Role = Literal["viewer", "reviewer", "clinician", "administrator"]
TokenScope = Literal["read", "write", "metrics"]
ShareKind = Literal["view", "review"]
TransferState = Literal["waiting", "fetching", "checking", "done", "failed", "cancelled"]

CODINGS: tuple[Coding, ...] = get_args(Coding)
JOB_STATES: tuple[JobState, ...] = get_args(JobState)
OPEN_JOB_STATES: tuple[JobState, ...] = ("queued", "running")
STUDY_STATES: tuple[StudyState, ...] = get_args(StudyState)
TASKS: tuple[Task, ...] = get_args(Task)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
PLANES: tuple[Plane, ...] = get_args(Plane)
STATISTICS: tuple[StatisticName, ...] = get_args(StatisticName)
DICOM_KINDS: tuple[DicomKind, ...] = get_args(DicomKind)
MESH_FORMATS: tuple[MeshFormat, ...] = get_args(MeshFormat)
ROLES: tuple[Role, ...] = get_args(Role)
OPEN_TRANSFER_STATES: tuple[TransferState, ...] = ("waiting", "fetching", "checking")
POINTS: dict[MeasurementKind, int] = {"distance": 2, "angle": 3, "cobb": 4, "ellipse": 3}
"""How many points a measurement of each kind has. An angle's vertex is its second point; Cobb's lines are points 1-2
and 3-4; an ellipse is its centre and the ends of its two half axes."""
