"""What the addresses of the API lead to, for a client that makes its requests up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from segmentation.phantom.dicom import DicomSpec, write_dicom
from segmentation.writers import write_volume
from tests.webapp.api.archive_stub import SERIES_UID, STUDY_UID
from tests.webapp.support import small_volume, wait_for
from webapp.storage.database import new_id

ARCHIVE = "Archive"
MOST_STUDIES_OF_IMPORTS = 2  # each is read in a process of its own, which takes a second
REVIEW = {"verdict": "accepted", "at_mm": [0, 0, 0]}
MEASUREMENT = {"kind": "distance", "plane": "axial", "points_mm": [[0, 0, 0], [0, 3, 4]]}


class Objects:
    """One of each, made anew where it may have been removed.

    Attributes:
        study_id: Of the study that stays.
        mask_id: Of its mask.
    """

    def __init__(self, client: TestClient, data_dir: Path, folder: Path) -> None:
        self._client = client
        self._incoming = data_dir / "incoming"
        self._ct = folder / "ct.nii.gz"
        write_volume(small_volume(), self._ct)
        self._waiting = self._upload_dicom(folder)
        self._studies_of_imports = 0
        self.study_id = self._new_study()
        self.mask_id = self._new_mask(self.study_id)
        job = client.get(f"/api/v1/studies/{self.study_id}/jobs").json()["jobs"][0]["id"]
        study = f"studies/{self.study_id}"
        fetch = {"study_uid": STUDY_UID, "series_uid": SERIES_UID}
        self._values: dict[str, Callable[[], Any]] = {
            "study_id": lambda: self.study_id,
            "job_id": lambda: job,
            "mask_id": lambda: self.mask_id,
            "reference_id": lambda: self.mask_id,
            "label": lambda: 1,
            "number": lambda: 0,
            "name": lambda: ARCHIVE,
            "uid": lambda: STUDY_UID,
            "measurement_id": lambda: self._post(f"{study}/measurements", json=MEASUREMENT)["id"],
            "review_id": lambda: self._post(f"{study}/reviews", json=REVIEW)["id"],
            "transfer_id": lambda: self._post(f"pacs/{ARCHIVE}/fetch", json=fetch)["id"],
        }

    def value(self, parameter: str, method: str) -> Any:
        """A value of a parameter in a path that leads to something; None if there is none."""
        if parameter == "study_id" and method == "DELETE":
            return self._new_study()
        if parameter == "mask_id" and method == "DELETE":
            return self._new_mask(self._new_study())
        if parameter == "import_id":
            return self._new_import(method)
        return self._values[parameter]() if parameter in self._values else None

    def _post(self, path: str, **request: Any) -> dict[str, Any]:
        answer = self._client.post(f"/api/v1/{path}", **request)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    def _new_study(self) -> str:
        return str(self._post("studies", files={"file": (self._ct.name, self._ct.read_bytes())})["id"])

    def _new_mask(self, study_id: str) -> str:
        address = f"/api/v1/jobs/{self._post(f'studies/{study_id}/jobs')['id']}"
        assert wait_for(lambda: self._client.get(address).json()["state"] == "done")
        return str(self._client.get(address).json()["mask_id"])

    def _upload_dicom(self, folder: Path) -> Path:
        """Upload a series, and keep a copy of what waits then."""
        source = folder / "dicom"
        source.mkdir()
        write_dicom(small_volume(), source, DicomSpec())
        paths = [path for path in sorted(source.rglob("*")) if path.is_file()]
        waiting = self._post("imports", files=[("file", (path.name, path.read_bytes())) for path in paths])["id"]
        return Path(shutil.copytree(self._incoming / waiting, folder / "waiting"))

    def _new_import(self, method: str) -> str | None:
        """DICOM files that wait; they are gone once a study is made of them."""
        if method == "POST":
            self._studies_of_imports += 1
            if self._studies_of_imports > MOST_STUDIES_OF_IMPORTS:
                return None
        return shutil.copytree(self._waiting, self._incoming / new_id()).name
