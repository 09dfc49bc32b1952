"""C-STORE a phantom into a real Orthanc, find, fetch and segment it, send the result back, fetch that, and compare."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from starlette.testclient import TestClient

from segmentation.core.volume import Volume
from segmentation.phantom import Phantom
from tests.dicom_judges import complaints, read_with_dcmqi
from tests.dicom_series import LPS, PATIENT, write_series
from tests.orthanc import Orthanc
from tests.webapp.archive import send_by_c_store
from tests.webapp.support import BoneEngine, wait_for
from webapp.asgi import create_asgi
from webapp.dicomweb.config import PacsServer
from webapp.settings import Settings


@pytest.fixture
def series(archive: Orthanc, small_phantom: Phantom, tmp_path: Path) -> list[Path]:
    """The phantom as a scanner's series, in the archive."""
    volume = small_phantom.volume
    paths = write_series(Volume(volume.hu.astype(np.int16), volume.grid), tmp_path / "ct")
    send_by_c_store(archive, paths)
    return paths


def client_of(tmp_path: Path, server: PacsServer, **settings: object) -> Iterator[TestClient]:
    options = Settings(data_dir=tmp_path / "data", min_free_bytes=0, pacs=(server,), **settings)  # type: ignore[arg-type]
    with TestClient(create_asgi(options, BoneEngine), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(tmp_path: Path, server: PacsServer) -> Iterator[TestClient]:
    yield from client_of(tmp_path, server, keep_identity=True)


@pytest.fixture
def forgetful(tmp_path: Path, server: PacsServer) -> Iterator[TestClient]:
    yield from client_of(tmp_path, server)


def fetched(client: TestClient) -> str:
    """Find the phantom, fetch its series, and answer the study's id."""
    [study] = client.post("/api/v1/pacs/Hospital/search", json={"patient": "Doe"}).json()["studies"]
    [series] = client.get(f"/api/v1/pacs/Hospital/studies/{study['uid']}/series").json()["series"]
    body = {"study_uid": study["uid"], "series_uid": series["uid"]}
    answer = client.post("/api/v1/pacs/Hospital/fetch", json=body)
    assert answer.status_code == 202
    address = f"/api/v1/transfers/{answer.json()['id']}"
    wait_for(lambda: client.get(address).json()["state"] in ("done", "failed"), 60)
    transfer = client.get(address).json()
    assert transfer["state"] == "done", transfer["error"]
    assert transfer["images"] == transfer["images_expected"] == series["images"]
    return str(transfer["study_id"])


def segmented(client: TestClient, study_id: str) -> str:
    """Segment, and answer the mask's id."""
    job = client.post(f"/api/v1/studies/{study_id}/jobs").json()
    wait_for(lambda: client.get(f"/api/v1/jobs/{job['id']}").json()["state"] in ("done", "failed"), 60)
    done = client.get(f"/api/v1/jobs/{job['id']}").json()
    assert done["state"] == "done", done["error"]
    return str(done["mask_id"])


def stored_segmentation(archive: Orthanc, folder: Path) -> Path:
    """The one segmentation object of the archive, as a file."""
    query = {"Level": "Instance", "Query": {"Modality": "SEG"}}
    [instance] = archive.rest("POST", "/tools/find", json=query).json()
    path = folder / "back.dcm"
    path.write_bytes(archive.rest("GET", f"/instances/{instance}/file").content)
    return path


def test_the_result_goes_back_and_coincides_voxel_for_voxel(
    client: TestClient, archive: Orthanc, series: list[Path], tmp_path: Path
):
    study_id = fetched(client)
    mask_id = segmented(client, study_id)
    answer = client.post(f"/api/v1/masks/{mask_id}/send", json={"pacs": "Hospital"})
    assert answer.status_code == 200, answer.text
    back = stored_segmentation(archive, tmp_path)

    sources = [pydicom.dcmread(path) for path in series]
    dataset = pydicom.dcmread(back)
    assert (dataset.PatientName, dataset.StudyInstanceUID) == (PATIENT, sources[0].StudyInstanceUID)
    assert dataset.FrameOfReferenceUID == sources[0].FrameOfReferenceUID
    referred = dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert {i.ReferencedSOPInstanceUID for i in referred} == {s.SOPInstanceUID for s in sources}

    # highdicom, by the original images' UIDs; the engine marks what is denser than 200 HU.
    pixels = hd.seg.segread(back).get_pixels_by_source_instance(
        [s.SOPInstanceUID for s in sources], combine_segments=True, assert_missing_frames_are_empty=True
    )
    hu = np.stack([s.pixel_array.astype(int) - 1024 for s in sources])
    assert np.array_equal(pixels > 0, hu > 200)
    assert (pixels > 0).sum() > 1000

    # dcmqi, by where it places the voxels in the patient; half a voxel would be 1 mm.
    [(name, image)] = read_with_dcmqi(back, tmp_path)
    assert name == "spine"
    voxels = np.argwhere(sitk.GetArrayFromImage(image).transpose() > 0)
    there = np.array([image.TransformIndexToPhysicalPoint([int(n) for n in index]) for index in voxels])
    mask = _nifti(client, mask_id, tmp_path)
    expected = LPS * nib.affines.apply_affine(mask.affine, np.argwhere(np.asarray(mask.dataobj) > 0))
    assert np.abs(np.sort(there, axis=0) - np.sort(expected, axis=0)).max() < 0.01

    # Both files as others read them: SimpleITK the CT, dcmqi the mask, each placed by itself.
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(series[0].parent)))
    ct = reader.Execute()
    moved = sitk.Resample(image, ct, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    assert np.array_equal(sitk.GetArrayFromImage(moved) > 0, sitk.GetArrayFromImage(ct) > 200)
    for axis in range(3):  # half a voxel further, and it would no longer coincide
        step = [0.0, 0.0, 0.0]
        step[axis] = 0.51 * ct.GetSpacing()[axis]
        aside = sitk.Resample(image, ct, sitk.TranslationTransform(3, step), sitk.sitkNearestNeighbor, 0)
        assert not np.array_equal(sitk.GetArrayFromImage(aside) > 0, sitk.GetArrayFromImage(ct) > 200)

    assert complaints(back) == []
    for kind, level in (("rtstruct", "RTSTRUCT"), ("capture", "OT")):
        body = {"pacs": "Hospital", "kind": kind}
        assert client.post(f"/api/v1/masks/{mask_id}/send", json=body).status_code == 200
        query = {"Level": "Instance", "Query": {"Modality": level}}
        assert len(archive.rest("POST", "/tools/find", json=query).json()) == 1
    assert client.post(f"/api/v1/masks/{mask_id}/send", json={"pacs": "Hospital", "kind": "x"}).status_code == 400
    assert ("send", study_id) in [(e.action, e.study_id) for e in client.app.state.store.audit.entries()]  # type: ignore[attr-defined]


def _nifti(client: TestClient, mask_id: str, folder: Path) -> nib.Nifti1Image:
    (folder / "mask.nii.gz").write_bytes(client.get(f"/api/v1/masks/{mask_id}.nii.gz").content)
    return nib.load(folder / "mask.nii.gz")


def test_a_de_identified_study_is_kept_without_names_and_not_sent_back(
    forgetful: TestClient, archive: Orthanc, series: list[Path], tmp_path: Path
):
    study_id = fetched(forgetful)
    kept = list((tmp_path / "data" / "studies" / study_id / "dicom").iterdir())
    assert len(kept) == len(series)
    assert not [path for path in kept if b"Doe" in path.read_bytes() or b"SV-0001" in path.read_bytes()]
    mask_id = segmented(forgetful, study_id)
    answer = forgetful.post(f"/api/v1/masks/{mask_id}/send", json={"pacs": "Hospital"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "de_identified")
    for kind, modality in (("seg", "SEG"), ("rtstruct", "RTSTRUCT"), ("capture", "OT")):
        downloaded = forgetful.get(f"/api/v1/masks/{mask_id}/{kind}.dcm")
        assert downloaded.status_code == 200, downloaded.text
        assert downloaded.headers["content-type"] == "application/dicom"
        (tmp_path / "own.dcm").write_bytes(downloaded.content)
        assert [line for line in complaints(tmp_path / "own.dcm") if line.startswith("Error")] == []
        assert pydicom.dcmread(tmp_path / "own.dcm").Modality == modality
        assert b"Doe" not in downloaded.content
    assert forgetful.get(f"/api/v1/masks/{mask_id}/other.dcm").status_code == 404


def test_what_is_not_there_or_not_dicom_is_said(client: TestClient, archive: Orthanc):
    assert client.get("/api/v1/pacs").json() == {"pacs": ["Hospital"]}
    assert client.post("/api/v1/pacs/Elsewhere/search", json={}).status_code == 404
    assert client.post("/api/v1/pacs/Hospital/search", json={"first_day": "yesterday"}).status_code == 400
    assert client.post("/api/v1/pacs/Hospital/search", content=b"no").status_code == 400
    assert client.get("/api/v1/pacs/Hospital/studies/..%2fx/series").status_code == 404
    fetch = {"study_uid": "1.2.3", "series_uid": "1.2.4"}
    assert client.post("/api/v1/pacs/Hospital/fetch", json=fetch).status_code in (404, 502)
    assert client.get("/api/v1/transfers/none").status_code == 404
    assert client.post("/api/v1/masks/none/send", json={"pacs": "Hospital"}).status_code == 404
    study = client.post("/api/v1/studies/demo").json()
    [mask] = client.get(f"/api/v1/studies/{study['id']}/masks").json()["masks"]
    answer = client.post(f"/api/v1/masks/{mask['id']}/send", json={"pacs": "Hospital"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_dicom")
