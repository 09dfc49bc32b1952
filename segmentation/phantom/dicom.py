"""Write the phantom, or any volume, as DICOM files: every transfer syntax, and every fault that a reader must name."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import uid
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileMetaDataset

from segmentation.core.errors import BadConfiguration
from segmentation.core.volume import Volume
from segmentation.phantom.dicom_frames import Plane, planes

SYNTAXES: dict[str, uid.UID] = {
    "implicit": uid.ImplicitVRLittleEndian,
    "explicit": uid.ExplicitVRLittleEndian,
    "big-endian": uid.ExplicitVRBigEndian,
    "deflated": uid.DeflatedExplicitVRLittleEndian,
    "rle": uid.RLELossless,
    "jpeg-lossless": uid.JPEGLosslessSV1,
    "jpeg-ls": uid.JPEGLSLossless,
    "jpeg-2000": uid.JPEG2000Lossless,
}
_ENHANCED = uid.EnhancedCTImageStorage


@dataclass(frozen=True)
class DicomSpec:
    """Specification of how a volume is written.

    The defaults make a sound series, with file names and instance numbers in disorder.

    Attributes:
        syntax: A key of ``SYNTAXES``.
        multiframe: One enhanced CT file instead of one file a slice.
        acquisitions: How often the enhanced file holds each slice, as acquisitions of rising number.
        tilt_deg: Gantry tilt about the row axis; the picture is resampled to it.
        missing, duplicated: Slices (by k) left out; written a second time, as other instances.
        thinned_from: From this slice on, every second one is left out: unequal spacing.
        signed: Pixels as signed values (then without an offset), or unsigned with an intercept of -1024.
        slopes: Rescale slopes of the slices, in turn.
        padding: Stored value written over a frame of 2 pixels and named in the header.
        preamble: Begin the files with 128 bytes and DICM.
        modality, description, kernel, series_number, acquisition, image_type, patient: Header texts.
        series_uid, study_uid, frame_of_reference_uid: The same for files of one series or study; random if empty.
        burned_in: Say so in the header.
        thickness_mm: SliceThickness; wrong unless given, for it says nothing about where the slices lie.
        disorder: File names, instance numbers and frames in no order.
        seed: Of UIDs and of the disorder.
    """

    syntax: str = "explicit"
    multiframe: bool = False
    acquisitions: int = 1
    tilt_deg: float = 0.0
    missing: tuple[int, ...] = ()
    duplicated: tuple[int, ...] = ()
    thinned_from: int | None = None
    signed: bool = True
    slopes: tuple[float, ...] = (1.0,)
    padding: int | None = None
    preamble: bool = True
    modality: str = "CT"
    description: str = "Spine phantom"
    kernel: str = "BONE"
    series_number: int = 2
    acquisition: int = 1
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "AXIAL")
    patient: str = "Phantom^Paula"
    series_uid: str = ""
    study_uid: str = ""
    frame_of_reference_uid: str = ""
    burned_in: bool = False
    thickness_mm: float = 5.0
    disorder: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.syntax not in SYNTAXES:
            raise BadConfiguration("phantom.unknown_syntax", syntax=self.syntax, syntaxes=SYNTAXES)


def write_dicom(volume: Volume, folder: Path, spec: DicomSpec | None = None) -> list[Path]:
    """Write ``volume`` into ``folder``, which is made if needed; return the files, by k."""
    with disable_value_validation():  # a phantom may hold texts that the standard forbids
        return _written(volume, folder, spec or DicomSpec())


def _written(volume: Volume, folder: Path, spec: DicomSpec) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(spec.seed)  # noqa: S311 - a phantom is made again from its seed
    common = _common(spec, chance)
    pictures = planes(volume, spec.tilt_deg)
    written = [k for k in range(len(pictures)) if k not in spec.missing and not _thinned(k, spec)]
    written += spec.duplicated
    if spec.multiframe:
        return [_save(_enhanced(common, [pictures[k] for k in written], spec, chance), folder / "enhanced.dcm", spec)]
    numbers = _numbers(len(written), spec, chance)
    names = chance.sample(range(1, 1_000_000), len(written)) if spec.disorder else numbers
    return [
        _save(_classic(common, pictures[k], spec, number, chance), folder / f"IM{name:06d}", spec)
        for k, name, number in zip(written, names, numbers, strict=True)
    ]


def _numbers(count: int, spec: DicomSpec, chance: random.Random) -> list[int]:
    numbers = list(range(1, count + 1))
    return chance.sample(numbers, count) if spec.disorder else numbers


def _thinned(k: int, spec: DicomSpec) -> bool:
    return spec.thinned_from is not None and k > spec.thinned_from and (k - spec.thinned_from) % 2 == 1


def _common(spec: DicomSpec, chance: random.Random) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ImageType = list(spec.image_type)
    dataset.Modality = spec.modality
    dataset.Manufacturer = "SpineView phantom"
    dataset.PatientName, dataset.PatientID = spec.patient, f"ID-{spec.patient}"
    dataset.PatientBirthDate, dataset.PatientSex = "19500101", "O"
    dataset.StudyDate = dataset.ContentDate = dataset.AcquisitionDate = "20240229"
    dataset.StudyTime = dataset.ContentTime = "120000"
    dataset.AccessionNumber, dataset.StudyID = "A-4711", "4711"
    dataset.ReferringPhysicianName = dataset.InstitutionName = f"Dr {spec.patient}"
    dataset.StudyInstanceUID = spec.study_uid or _uid(chance)
    dataset.SeriesInstanceUID = spec.series_uid or _uid(chance)
    dataset.FrameOfReferenceUID = spec.frame_of_reference_uid or _uid(chance)
    dataset.SeriesNumber, dataset.SeriesDescription = spec.series_number, spec.description
    dataset.BodyPartExamined, dataset.PatientPosition = "SPINE", "HFS"
    dataset.KVP, dataset.ConvolutionKernel = "120", spec.kernel
    dataset.BurnedInAnnotation = "YES" if spec.burned_in else "NO"
    private = dataset.private_block(0x0029, "SPINEVIEW TEST", create=True)
    private.add_new(0x10, "LO", f"private {spec.patient}")
    return dataset


def _classic(common: Dataset, plane: Plane, spec: DicomSpec, number: int, chance: random.Random) -> Dataset:
    dataset = Dataset(common)
    dataset.SOPClassUID = uid.CTImageStorage if spec.modality == "CT" else uid.MRImageStorage
    dataset.SOPInstanceUID = _uid(chance)
    dataset.InstanceNumber, dataset.AcquisitionNumber = number, spec.acquisition
    dataset.ImagePositionPatient = _decimals(plane.position_mm)
    dataset.ImageOrientationPatient = _decimals(np.concatenate([plane.row_axis, plane.column_axis]))
    dataset.PixelSpacing = _decimals(np.array(plane.spacing_mm))
    dataset.SliceThickness = f"{spec.thickness_mm:g}"
    slope = spec.slopes[plane.k % len(spec.slopes)]
    _put_pixels(dataset, [plane], [slope], spec)
    dataset.RescaleSlope, dataset.RescaleIntercept = f"{slope:g}", _intercept(spec)
    return dataset


def _enhanced(common: Dataset, pictures: list[Plane], spec: DicomSpec, chance: random.Random) -> Dataset:
    dataset = Dataset(common)
    dataset.SOPClassUID, dataset.SOPInstanceUID = _ENHANCED, _uid(chance)
    count = len(pictures)
    pictures = pictures * spec.acquisitions
    dataset.InstanceNumber, dataset.NumberOfFrames = 1, len(pictures)
    order = [number - 1 for number in _numbers(len(pictures), spec, chance)]
    slopes = [spec.slopes[pictures[n].k % len(spec.slopes)] for n in order]
    shared = Dataset()
    shared.PixelMeasuresSequence = [
        _item(PixelSpacing=_decimals(np.array(pictures[0].spacing_mm)), SliceThickness=f"{spec.thickness_mm:g}")
    ]
    orientation = np.concatenate([pictures[0].row_axis, pictures[0].column_axis])
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=_decimals(orientation))]
    dataset.SharedFunctionalGroupsSequence = [shared]
    each = []
    for n, slope in zip(order, slopes, strict=True):
        frame = Dataset()
        frame.PlanePositionSequence = [_item(ImagePositionPatient=_decimals(pictures[n].position_mm))]
        values = _item(RescaleSlope=f"{slope:g}", RescaleIntercept=_intercept(spec), RescaleType="HU")
        frame.PixelValueTransformationSequence = [values]
        frame.FrameContentSequence = [_item(FrameAcquisitionNumber=spec.acquisition + n // count)]
        each.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = each
    _put_pixels(dataset, [pictures[n] for n in order], slopes, spec)
    return dataset


def _put_pixels(dataset: Dataset, pictures: list[Plane], slopes: list[float], spec: DicomSpec) -> None:
    stored = np.stack([_stored(p, slope, spec) for p, slope in zip(pictures, slopes, strict=True)])
    dataset.Rows, dataset.Columns = stored.shape[1:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = int(spec.signed)
    if spec.padding is not None:
        dataset.add_new("PixelPaddingValue", "SS" if spec.signed else "US", spec.padding)
    order = ">" if spec.syntax == "big-endian" else "<"
    dataset.add_new("PixelData", "OW", stored.astype(f"{order}{'i' if spec.signed else 'u'}2").tobytes())


def _stored(plane: Plane, slope: float, spec: DicomSpec) -> NDArray[np.float64]:
    stored = np.rint((plane.hu - float(_intercept(spec))) / slope)
    if spec.padding is not None:
        for edge in (np.s_[:2], np.s_[-2:], np.s_[:, :2], np.s_[:, -2:]):
            stored[edge] = spec.padding
    return stored


def _intercept(spec: DicomSpec) -> str:
    return "0" if spec.signed else "-1024"


def _save(dataset: Dataset, path: Path, spec: DicomSpec) -> Path:
    syntax = SYNTAXES[spec.syntax]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian if syntax.is_compressed else syntax
    if syntax in (uid.RLELossless, uid.JPEG2000Lossless):
        dataset.compress(syntax, generate_instance_uid=False)
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        dataset.file_meta.TransferSyntaxUID = syntax
    if not spec.preamble:
        dataset.save_as(path, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
        _behead(path)
        return path
    dataset.save_as(path, enforce_file_format=True)
    if syntax in (uid.JPEGLosslessSV1, uid.JPEGLSLossless):
        dataset.PixelData = _transcoded(path, syntax)
        dataset["PixelData"].is_undefined_length = True
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path, enforce_file_format=True)
    return path


def _behead(path: Path) -> None:
    """Remove the preamble, the four letters and the file's meta information, if they are there."""
    data = path.read_bytes()
    if data[128:132] == b"DICM":
        length = int.from_bytes(data[140:144], "little")
        path.write_bytes(data[144 + length :])


def _transcoded(path: Path, syntax: uid.UID) -> bytes:
    """Compress the pixels of a file by GDCM, the only library here that writes these; it rewrites headers, too."""
    import gdcm

    kinds = {uid.JPEGLosslessSV1: "JPEGLosslessProcess14_1", uid.JPEGLSLossless: "JPEGLSLossless"}
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(path))
    if not reader.Read():
        raise OSError(f"GDCM cannot read {path}")
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, kinds[syntax])))
    change.SetInput(reader.GetImage())
    if not change.Change():
        raise OSError(f"GDCM cannot compress {path}")
    compressed = path.with_name(f".{path.name}.gdcm")
    writer.SetFileName(str(compressed))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    try:
        if not writer.Write():
            raise OSError(f"GDCM cannot write {compressed}")
        return bytes(pydicom.dcmread(compressed).PixelData)
    finally:
        compressed.unlink(missing_ok=True)


def _item(**elements: Any) -> Dataset:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item


def _decimals(values: NDArray[np.float64]) -> list[str]:
    """Format values as DICOM's decimal strings, which hold 16 characters."""
    return [f"{value:.10g}"[:16] for value in values]


def _uid(chance: random.Random) -> str:
    return f"2.25.{chance.getrandbits(120)}"
