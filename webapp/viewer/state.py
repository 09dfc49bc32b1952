"""Plain values that the viewer's page shows of a study's job and masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segmentation.analysis.label_statistics import LabelStatistics
from segmentation.core.labels import COCCYX, SACRUM, label_of
from segmentation.core.messages import Catalogue
from segmentation.inference.confidence import Confidence
from webapp.enumerations import OPEN_JOB_STATES
from webapp.http.sub_path import outward
from webapp.storage.tables import Job, Mask
from webapp.translations import Translate

REFERENCE_RGB = (122, 162, 255)
MOST_LOG_LINES = 200
Row = dict[str, Any]


def clock(seconds: float) -> str:
    """Minutes and seconds: ``"1:05"``; hours are counted as minutes."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def no_job() -> Row:
    """Return the state of the page before the first job."""
    return {"id": "", "state": "", "active": False, "percent": 0, "stage": "", "elapsed": "", "eta": "",
            "log": [], "error": None}  # fmt: skip


def job_row(job: Job | None, t: Translate, catalogue: Catalogue | None = None) -> Row:
    """One job in words, its error in those of the catalogue; ``active`` while it waits or runs, ``percent`` 0..100."""
    if job is None:
        return no_job()
    return {
        "id": job.id,
        "state": job.state,
        "active": job.state in OPEN_JOB_STATES,
        "percent": round(100 * job.progress),
        "stage": _stage(job, t),
        "elapsed": clock(job.elapsed_s) if job.started_at else "",
        "eta": t("viewer.eta", time=clock(job.eta_s)) if job.eta_s is not None else "",
        "log": job.log[-MOST_LOG_LINES:],
        "error": None if job.error is None else job.error.shown(catalogue),
    }


def _stage(job: Job, t: Translate) -> str:
    key = f"common.state.{job.state}" if job.state in ("failed", "cancelled") else f"common.stage.{job.stage}"
    words = t(key)
    if job.place is not None:
        return f"{words} · {t('viewer.place', place=job.place)}"
    if job.reused is not None:
        return f"{words} · {t('viewer.reused')}"
    return job.stage if words == key else words


def latest_masks(masks: list[Mask]) -> list[Mask]:
    """Choose the newest mask of each kind, vertebrae with names first. ``masks`` come newest first."""
    newest = {mask.kind: mask for mask in reversed(masks)}
    return [newest[kind] for kind in ("vertebrae", "model", "reference") if kind in newest]


def mask_row(
    mask: Mask, statistics: Mapping[int, LabelStatistics], t: Translate, names: Mapping[str, Any] | None = None
) -> Row:
    """One mask in words, with a row a label: number, name, and volume and mean HU where they are known."""
    return {
        "id": mask.id,
        "kind": mask.kind,
        "map": mask.label_map_kind,
        "sequence": _sequence(names, t),
        "title": t(f"viewer.mask.{mask.kind}"),
        "volume": f"{mask.volume_ml:.1f} ml",
        "dice": f"{mask.dice:.3f}" if mask.dice is not None else "",
        "confidence": None if mask.confidence is None else confidence_row(mask.confidence, t),
        "base": outward(f"/api/v1/masks/{mask.id}"),
        "download": outward(f"/api/v1/masks/{mask.id}.nii.gz"),
        "labels": [
            {"number": number, "name": _label_name(number, mask, t), **_figures(statistics.get(number))}
            for number in mask.labels
        ],
    }


def _sequence(names: Mapping[str, Any] | None, t: Translate) -> Row | None:
    """How far the row of names is to be relied on, in words; None where there are no names."""
    if names is None:
        return None
    row = names["sequence"]
    others = [", ".join((each["names"][0], each["names"][-1])) for each in row["alternatives"][:2] if each["names"]]
    return {"sure": row["sure"], "reason": t(f"sequence.{row['reason']}"), "others": others}


def _figures(statistics: LabelStatistics | None) -> Row:
    if statistics is None:
        return {"volume": "", "hu": ""}
    return {"volume": f"{statistics.volume_ml:.1f} ml", "hu": f"{statistics.mean_hu:.0f} HU"}


def confidence_row(confidence: Confidence, t: Translate) -> Row:
    """Put a confidence in words: its level, what to do, and why."""
    level = confidence.level
    return {
        "level": level,
        "label": t("viewer.confidence", level=t(f"viewer.confidence.{level}")),
        "advice": t(f"viewer.confidence.advice.{level}"),
        "reasons": [t(reason.message.key) for reason in confidence.reasons],
    }


def _label_name(number: int, mask: Mask, t: Translate) -> str:
    if mask.label_map_kind == "spine":
        return t("viewer.spine")
    return {SACRUM: t("viewer.sacrum"), COCCYX: t("viewer.coccyx")}.get(number) or label_of(number).name


def mask_colours(mask: Mask) -> dict[str, list[int]]:
    """Label (as text: JSON has no other keys) to red, green, blue in 0..255."""
    if mask.label_map_kind == "spine" and mask.kind == "reference":
        return {str(number): list(REFERENCE_RGB) for number in mask.labels}
    return {str(number): list(label_of(number, mask.label_map_kind).rgb) for number in mask.labels}


def shown_after(shown: list[str], before: list[str], masks: list[Mask]) -> list[str]:
    """Which masks to show once ``masks`` are those that exist.

    Vertebrae with names that were not there ``before`` are shown, or the model's mask where there are none; what is
    gone is dropped, and the rest stays as the user left it. Arguments and result are ids.
    """
    now = [mask.id for mask in masks]
    kept = [mask_id for mask_id in shown if mask_id in now]
    first = next((mask.kind for mask in masks if mask.kind != "reference"), "")
    new = [mask.id for mask in masks if mask.kind == first and mask.id not in before]
    return kept + [mask_id for mask_id in new if mask_id not in kept]
