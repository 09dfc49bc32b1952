"""Sound scans of every odd kind that scanners, exporters and converters make, with what a reader must find in them."""

from __future__ import annotations

import bz2
import gzip
import io
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import JPEGLSLossless

from segmentation.core.geometry import Grid
from segmentation.core.volume import Volume
from segmentation.phantom.dicom import DicomSpec, write_dicom

Files = list[bytes]
SHAPE, SPACING_MM = (34, 30, 14), (1.5, 1.25, 2.0)
Change = Callable[[Dataset, int], None]  # of one image, told its number by position


@dataclass(frozen=True)
class Kind:
    """Files of one upload.

    Attributes:
        name: What is odd about it.
        files: Their content.
        suffix: Of the file of a scan that is no DICOM; empty of DICOM.
        shape, spacing_mm: Of the study that it makes; empty where anything may come of it.
        notes: Codes of what its user is told.
        first: Slice of ``block()`` that is the study's first.
        within_hu: How far its values may be from those of ``block()``.
        placed: Whether the files say where and how the voxels lie, so that the study has the affine of ``block()``.
        differs: Why no other program reads the same; empty where one does.
        is_dicom: Whether the files are DICOM, packed or not.
    """

    name: str
    files: Files
    suffix: str = ""
    shape: tuple[int, ...] = SHAPE
    spacing_mm: tuple[float, ...] = SPACING_MM
    notes: tuple[str, ...] = ()
    first: int = 0
    within_hu: float = 0.0
    placed: bool = True
    differs: str = ""
    is_dicom: bool = False


def block() -> Volume:
    """Make a smooth block of HU, upright, at a place of its own."""
    i, j, k = np.meshgrid(*map(np.arange, SHAPE), indexing="ij")
    hu = np.rint(300 * np.sin(i / 5) * np.cos(j / 6) + 20 * k - 200)
    hu[:3] = -1000
    affine = np.diag([-SPACING_MM[0], -SPACING_MM[1], SPACING_MM[2], 1.0])
    affine[:3, 3] = (18, 20, -30)
    return Volume(hu.astype(np.int16), Grid(SHAPE, affine))


def kinds() -> list[Kind]:
    """Make all of them: DICOM, NIfTI, NRRD and MetaImage, and zips of what is no DICOM."""
    single = [*_nifti(), *_nrrd(), *_metaimage()]
    return [*(replace(kind, is_dicom=True) for kind in _dicom()), *single, *_detached(single)]


def _dicom() -> list[Kind]:
    plain = _series(lambda dataset, k: None)
    brighter = Volume((block().hu + 3).astype(np.int16), block().grid)
    second = _series(_numbered(100), brighter)
    part = {"shape": (*SHAPE[:2], 11)}
    missing = {**part, "notes": ("part", "missing_slices")}
    phases = ("split", "part")
    return [
        *(Kind(name, _series(change), notes=notes) for name, (change, notes) in _CHANGES.items()),
        Kind("values at the upper end of their words", _series(_upper_bits), differs="there, 16 times too large"),
        Kind("padding", _series(_padded), within_hu=24, differs="padding is air (-1024 HU) here, as stored there"),
        Kind("pixels of floating point numbers", _series(_floating)),
        Kind("slices that drift sideways", _series(_drifting), placed=False, differs="SimpleITK leaves the drift out"),
        Kind("two patients", _series(_second_patient), notes=("mixed", "part"), **part),
        Kind("slabs that share a position", plain[:8] + second[7:], notes=("slabs",), within_hu=3, differs=_ONE_PLACE),
        Kind("two phases", plain + second, notes=phases),
        Kind("two phases by trigger", plain + _series(_triggered, brighter), notes=phases),
        Kind("several slices missing", plain[:1] + plain[3:], first=3, **missing),
        Kind("a block far away", plain[:11] + _series(_far_away)[11:], **missing),
        Kind("one slice missing", plain[:5] + plain[6:], notes=("gap",), within_hu=60, differs="it is made up here"),
        Kind("copies", plain + plain[2:5], notes=("duplicates",)),
        Kind("gzipped", [gzip.compress(data) for data in plain]),
        Kind("a zip among files", [_zipped(dict(_named(plain))), b"a text"], notes=("not_images",)),
        Kind("a zip of gzipped files", [_zipped({n: gzip.compress(d) for n, d in _named(plain)})]),
    ]


_ONE_PLACE = "of two images at one place they take both"


def _named(files: Files) -> list[tuple[str, bytes]]:
    return [(f"{number}.dcm", data) for number, data in enumerate(files)]


def _series(change: Change, volume: Volume | None = None) -> Files:
    spec = DicomSpec(series_uid="1.2.3", study_uid="1.2.4", frame_of_reference_uid="1.2.5", signed=True)
    files = []
    with tempfile.TemporaryDirectory() as folder:
        for k, path in enumerate(write_dicom(volume or block(), Path(folder), spec)):
            dataset = pydicom.dcmread(path)
            dataset.InstanceNumber = k + 1
            change(dataset, k)
            buffer = io.BytesIO()
            dataset.save_as(buffer)
            files.append(buffer.getvalue())
    return files


def _setting(**values: Any) -> Change:
    def change(dataset: Dataset, _: int) -> None:
        for name, value in values.items():
            setattr(dataset, name, value)

    return change


def _without(*names: str) -> Change:
    def change(dataset: Dataset, _: int) -> None:
        for name in names:
            del dataset[name]

    return change


def _numbered(first: int) -> Change:
    def change(dataset: Dataset, k: int) -> None:
        dataset.InstanceNumber = first + k
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.6.{first + k}"

    return change


def _same_uids(dataset: Dataset, k: int) -> None:
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.6.{k % 7}"


def _second_patient(dataset: Dataset, k: int) -> None:
    if k >= 11:
        dataset.PatientID = "SOMEBODY ELSE"


def _triggered(dataset: Dataset, k: int) -> None:
    _numbered(1)(dataset, k)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.7.{k}"
    dataset.TriggerTime = "600"


def _far_away(dataset: Dataset, k: int) -> None:
    x, y, z = map(float, dataset.ImagePositionPatient)
    dataset.ImagePositionPatient = [x, y, z + 180]


def _upper_bits(dataset: Dataset, _: int) -> None:
    dataset.PixelData = (np.frombuffer(dataset.PixelData, "<i2") << 4).astype("<i2").tobytes()
    dataset.BitsStored, dataset.HighBit = 12, 15


def _signed_jpeg_ls(dataset: Dataset, _: int) -> None:
    dataset.BitsStored, dataset.HighBit = 12, 11
    dataset.compress(JPEGLSLossless, generate_instance_uid=False)


def _floating(dataset: Dataset, _: int) -> None:
    dataset.FloatPixelData = np.frombuffer(dataset.PixelData, "<i2").astype("<f4").tobytes()
    for name in ("PixelData", "PixelRepresentation", "BitsStored", "HighBit"):
        del dataset[name]
    dataset.BitsAllocated = 32


def _drifting(dataset: Dataset, k: int) -> None:
    x, y, z = map(float, dataset.ImagePositionPatient)
    dataset.ImagePositionPatient = [f"{x + 0.02 * k:.4f}", y, z]


def _padded(dataset: Dataset, _: int) -> None:
    dataset.add_new("PixelPaddingValue", "SS", -1000)


def _padded_with_water(dataset: Dataset, _: int) -> None:
    dataset.add_new("PixelPaddingValue", "SS", 0)


def _own_frame(dataset: Dataset, k: int) -> None:
    dataset.FrameOfReferenceUID = f"1.2.8.{k}"


_CHANGES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "repeated SOPInstanceUIDs": (_same_uids, ("repeated_uid",)),
    "a frame of reference for each image": (_own_frame, ()),
    "SpacingBetweenSlices that lies": (_setting(SpacingBetweenSlices="3.5", SliceThickness="7"), ()),
    "axes that were rounded": (_setting(ImageOrientationPatient=[1, 0.0005, 0, 0, 1, 0]), ()),
    "a padding value that tissue has": (_padded_with_water, ("padding_kept",)),
    "no SeriesInstanceUID": (_without("SeriesInstanceUID"), ("no_series_uid",)),
    "no SOPClassUID": (_without("SOPClassUID"), ()),
    "an empty first character set": (_setting(SpecificCharacterSet=["", "ISO 2022 IR 58"]), ()),
    "signed JPEG-LS of 12 bits": (_signed_jpeg_ls, ()),
}


def _nifti() -> list[Kind]:
    def made(name: str, suffix: str = ".nii.gz", found: dict[str, Any] | None = None, **how: Any) -> Kind:
        packed = how.pop("packed", suffix == ".nii.gz")
        return Kind(f"NIfTI {name}", [_nifti_file(packed=packed, **how)], suffix, **(found or {}))

    units = {"notes": ("units",)}
    return [
        made("whose sform alone says where", codes=(0, 1), pixdim=(0, 0, 0)),
        made("of negative pixdim", codes=(0, 1), pixdim=(-1, -1, -1)),
        made("whose sform places nothing", spoilt={"srow_x": 0, "srow_y": 0}, found={"notes": ("sform_unusable",)}),
        made("whose qform is no rotation", codes=(1, 2), spoilt={"quatern_b": 1, "quatern_c": 1}),
        made("without orientation", codes=(0, 0), found={"notes": ("no_orientation",), "placed": False}),
        made("in metres", ".nii", unit="meter", scale=1e-3, found=units),
        made("in micrometres", unit="micron", scale=1e3, found=units),
        made("with NaN outside", nan=True, found={"notes": ("not_numbers",), "within_hu": 24, "differs": _NAN}),
        made("packed under .nii", ".nii", packed=True),
        made("plain under .nii.gz", packed=False),
        made("of version 2", kind=nib.Nifti2Image),
        made("of scaled values", slope=0.5),
    ]


_NAN = "what is no number is air (-1024 HU) here, and 0 or no number there"


def _nifti_file(packed: bool, **how: Any) -> bytes:
    volume, scale = block(), how.get("scale", 1.0)
    hu = volume.hu.astype(np.float32) if how.get("nan") else volume.hu
    if how.get("nan"):
        hu[:2] = np.nan
    if slope := how.get("slope"):
        hu = (hu / slope).astype(np.int16)
    image = how.get("kind", nib.Nifti1Image)(hu, np.diag([scale] * 3 + [1.0]) @ volume.grid.affine)
    qform, sform = how.get("codes", (1, 1))
    image.set_qform(image.affine, code=qform)
    image.set_sform(image.affine, code=sform)
    image.header.set_xyzt_units(how.get("unit", "mm"))
    header = image.header.copy()
    header["pixdim"][1:4] = how.get("pixdim", header["pixdim"][1:4])
    header["scl_slope"], header["scl_inter"] = slope or 1.0, 0.0
    for field, value in how.get("spoilt", {}).items():
        header[field] = value
    header["vox_offset"] = header.sizeof_hdr + 4
    header["magic"] = b"n+1" if header.sizeof_hdr == 348 else header["magic"]
    data = header.binaryblock + bytes(int(header["vox_offset"]) - header.sizeof_hdr) + hu.tobytes(order="F")
    return gzip.compress(data) if packed else data


def _nrrd() -> list[Kind]:
    raw = block().hu.astype("<i2").tobytes(order="F")
    text = " ".join(map(str, block().hu.ravel(order="F").tolist())).encode()
    placed = {
        "space": "left-posterior-superior",
        "space directions": "(1.5,0,0) (0,1.25,0) (0,0,2)",
        "space origin": "(-18,-20,-30)",
    }

    def made(name: str, fields: dict[str, str], data: bytes = raw, **found: Any) -> Kind:
        first = {"type": "short", "dimension": "3", "sizes": " ".join(map(str, SHAPE)), "endian": "little"}
        lines = {**first, "encoding": "raw", **fields}
        header = "NRRD0005\n" + "".join(f"{key}: {value}\n" for key, value in lines.items()) + "\n"
        return Kind(f"NRRD {name}", [header.encode() + data], ".nrrd", **found)

    bare = {"placed": False}
    return [
        made("gzip", {**placed, "encoding": "gzip"}, gzip.compress(raw)),
        made("bzip2", {**placed, "encoding": "bzip2"}, bz2.compress(raw), differs="SimpleITK has no bzip2"),
        made("ascii", {**placed, "encoding": "ascii"}, text),
        made("hex", {**placed, "encoding": "hex"}, raw.hex().encode()),
        made("byte skip -1", {**placed, "byte skip": "-1"}, b"not voxels" + raw),
        made("line skip", {**placed, "line skip": "1"}, b"a line\n" + raw),
        made("in cm", {"spacings": "0.15 0.125 0.2", "units": '"cm" "cm" "cm"'}, notes=("units", "no_anatomy"),
             differs=_UNITS, **bare),
        made("with axis mins and maxs", {"axis mins": "0 0 0", "axis maxs": "51 37.5 28"}, notes=("no_anatomy",),
             differs="SimpleITK takes 1 mm", **bare),
        made("with thicknesses alone", {"thicknesses": "1.5 1.25 2"}, notes=("thickness_as_spacing", "no_anatomy"),
             differs="SimpleITK takes 1 mm", **bare),
        made("without spacing", {}, shape=(), spacing_mm=()),
        made("in a space of no anatomy", {**placed, "space": "3D-right-handed"}, notes=("no_anatomy",), **bare),
    ]  # fmt: skip


_UNITS = "SimpleITK takes the numbers for mm"


def _metaimage() -> list[Kind]:
    raw = block().hu.astype("<i2").tobytes(order="F")

    def made(name: str, fields: dict[str, str], data: bytes = raw, **found: Any) -> Kind:
        lines = {
            "ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
            "CompressedData": "False", "TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "-18 -20 -30",
            "ElementSpacing": "1.5 1.25 2", "DimSize": " ".join(map(str, SHAPE)), "ElementType": "MET_SHORT", **fields,
            "ElementDataFile": "LOCAL",
        }  # fmt: skip
        header = "".join(f"{key} = {value}\n" for key, value in lines.items())
        return Kind(f"MetaImage {name}", [header.encode() + data], ".mha", **found)

    shifted = (block().hu.astype(int) + 1024).astype("<u2").tobytes(order="F")
    text = " ".join(map(str, block().hu.ravel(order="F").tolist())).encode() + b"\n"
    function = {"ElementToIntensityFunctionSlope": "1", "ElementToIntensityFunctionOffset": "-1024"}
    return [
        made("with an intensity function", {"ElementType": "MET_USHORT", **function}, shifted,
             notes=("intensity_function",), differs="SimpleITK leaves it out"),
        made("of HeaderSize -1", {"HeaderSize": "-1"}, b"not voxels" + raw),
        made("as text", {"BinaryData": "False"}, text),
        made("in cm", {"ElementSpacing": "0.15 0.125 0.2", "DistanceUnits": "cm", "Offset": "-1.8 -2 -3"},
             notes=("units",), differs=_UNITS),
    ]  # fmt: skip


def _detached(single: list[Kind]) -> list[Kind]:
    """Make zips of scans whose voxels lie beside their header, and of one file, as SimpleITK and nibabel write them."""
    made = {}
    image = nib.Nifti1Image(block().hu, block().grid.affine)
    itk = sitk.GetImageFromArray(np.ascontiguousarray(block().hu.T))
    itk.SetSpacing(SPACING_MM)
    itk.SetOrigin((-18.0, -20.0, -30.0))
    for name, ending in (("NRRD", ".nhdr"), ("MetaImage", ".mhd"), ("NIfTI", ".hdr")):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"ct{ending}"
            if name == "NIfTI":
                nib.save(nib.Nifti1Pair(image.dataobj, image.affine), path.with_suffix(".img"))
            else:
                sitk.WriteImage(itk, str(path), useCompression=True)
            made[f"a zip of a {name} header and its voxels"] = {
                f"scan/{each.name}": each.read_bytes() for each in sorted(Path(folder).iterdir())
            }
    made.update(_in_files())
    [one] = [kind for kind in single if kind.name == "NRRD gzip"]
    made["a zip of one NRRD"] = {"ct.nrrd": one.files[0], "__MACOSX/._ct.nrrd": b"what macOS adds"}
    return [Kind(name, [_zipped(files)]) for name, files in made.items()]


def _in_files() -> dict[str, dict[str, bytes]]:
    """Make a NRRD header with a list of files, a slice each, and a MetaImage header with a pattern of them."""
    slices = {f"s{k:02d}.raw": block().hu[:, :, k].astype("<i2").tobytes(order="F") for k in range(SHAPE[2])}
    sizes = " ".join(map(str, SHAPE))
    nrrd = (
        f"NRRD0005\ntype: short\ndimension: 3\nsizes: {sizes}\nendian: little\nencoding: raw\n"
        "space: left-posterior-superior\nspace directions: (1.5,0,0) (0,1.25,0) (0,0,2)\nspace origin: (-18,-20,-30)\n"
    )
    listed = nrrd + "data file: LIST\n" + "".join(f"{name}\n" for name in slices)
    meta = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\n"
        f"TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = -18 -20 -30\nElementSpacing = 1.5 1.25 2\nDimSize = {sizes}\n"
        f"ElementType = MET_SHORT\nElementDataFile = s%02d.raw 0 {SHAPE[2] - 1} 1\n"
    )
    return {
        "a zip of a NRRD header and a list of files": {"scan/ct.nhdr": listed.encode(), **_below("scan", slices)},
        "a zip of a MetaImage header and a pattern of files": {"scan/ct.mhd": meta.encode(), **_below("scan", slices)},
    }


def _below(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in files.items()}


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()
