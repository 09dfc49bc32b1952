"""De-identify DICOM data sets: only listed elements stay; all others go, private ones included.

Stricter than the Basic Application Level Confidentiality Profile of DICOM PS3.15 (annex E), which lists what must go:
what a future edition or a vendor adds goes by itself. Descriptions, dates and overlays go; what places, scales and
describes the picture technically stays. UIDs become new ones, the same for the same old one and secret, so that the
references inside a study still hold. Text burned into the pixels stays there: see the note ``burned_in``.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from segmentation.core.dicom_text import without_escapes

_UIDS = (
    "SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID DimensionOrganizationUID"
    " ConcatenationUID SOPInstanceUIDOfConcatenationSource"
)
_KEPT = """
SpecificCharacterSet ImageType SOPClassUID Modality Manufacturer ManufacturerModelName BodyPartExamined
PatientPosition SeriesNumber AcquisitionNumber InstanceNumber InConcatenationNumber InConcatenationTotalNumber
ConcatenationFrameOffsetNumber ImagePositionPatient ImageOrientationPatient SliceLocation SliceThickness
SpacingBetweenSlices PixelSpacing TemporalPositionIdentifier NumberOfTemporalPositions TemporalPositionIndex KVP
DataCollectionDiameter ReconstructionDiameter GantryDetectorTilt TableHeight RotationDirection ExposureTime
XRayTubeCurrent Exposure FilterType ConvolutionKernel ConvolutionKernelGroup ReconstructionAlgorithm AcquisitionType
SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames FrameIncrementPointer Rows Columns
BitsAllocated BitsStored HighBit PixelRepresentation SmallestImagePixelValue LargestImagePixelValue PixelPaddingValue
PixelPaddingRangeLimit BurnedInAnnotation WindowCenter WindowWidth RescaleIntercept RescaleSlope RescaleType
LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod PixelData FloatPixelData
DoubleFloatPixelData ExtendedOffsetTable ExtendedOffsetTableLengths
PixelPresentation VolumetricProperties VolumeBasedCalculationTechnique PresentationLUTShape
SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence PlanePositionSequence
PlaneOrientationSequence PixelValueTransformationSequence FrameVOILUTSequence CTImageFrameTypeSequence FrameType
CTReconstructionSequence CTAcquisitionTypeSequence CTGeometrySequence FrameContentSequence FrameAcquisitionNumber
StackID InStackPositionNumber DimensionIndexValues DimensionOrganizationSequence DimensionIndexSequence
DimensionIndexPointer FunctionalGroupPointer DimensionOrganizationType
"""
# The standard wants these to be there: empty, or with a value that says nothing.
_EMPTY = (
    "PatientBirthDate PatientSex StudyDate StudyTime AccessionNumber ReferringPhysicianName StudyID"
    " PositionReferenceIndicator"
)
_DUMMIES = {"ContentDate": "19000101", "ContentTime": "000000", "AcquisitionDateTime": "19000101000000"}
_ALLOWED = {tag_for_keyword(keyword) for keyword in (_KEPT + " " + _UIDS).split()}
_UID_TAGS = {tag_for_keyword(keyword) for keyword in _UIDS.split()}


def deidentify(dataset: Dataset, secret: bytes) -> None:
    """Remove whatever can identify the patient from ``dataset``, in place.

    ``secret`` makes the new UIDs and the patient's pseudonym; keep it from others.
    """
    texts = [str(dataset.get(keyword, "")) for keyword in ("PatientID", "IssuerOfPatientID", "PatientName")]
    patient = "\0".join((*texts[:2], _comparable(texts[2])))
    dated = {keyword for keyword in _DUMMIES if keyword in dataset}
    _reduce(dataset, secret)
    pseudonym = f"SV-{_digest(secret, 'patient', patient).hex()[:12].upper()}"
    dataset.PatientName = dataset.PatientID = pseudonym
    for keyword in _EMPTY.split():
        setattr(dataset, keyword, "")
    for keyword in dated:
        setattr(dataset, keyword, _DUMMIES[keyword])
    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
    dataset.DeidentificationMethod = "SpineView: list of kept attributes"
    method = Dataset()
    method.CodeValue, method.CodingSchemeDesignator = "113100", "DCM"
    method.CodeMeaning = "Basic Application Confidentiality Profile"
    dataset.DeidentificationMethodCodeSequence = Sequence([method])


def _comparable(name: str) -> str:
    """Make one name of the forms that character sets and programs give it: composed letters, no empty parts at ends."""
    groups = [group.rstrip("^ ") for group in unicodedata.normalize("NFC", without_escapes(name)).split("=")]
    return "=".join(groups).rstrip("=")


def new_uid(uid: str, secret: bytes) -> str:
    """Derive the UID that stands for ``uid`` (2.25 and a number of 128 bits)."""
    return f"2.25.{int.from_bytes(_digest(secret, 'uid', uid)[:16], 'big')}"


def _reduce(dataset: Dataset, secret: bytes) -> None:
    for tag in list(dataset.keys()):
        if tag not in _ALLOWED:
            del dataset[tag]
            continue
        # Whatever needs no change stays in the bytes that it came in, which is much faster than decoding it.
        if "SQ" in (dataset.get_item(tag).VR, dictionary_VR(tag)):  # a sequence can be called UN
            for item in dataset[tag].value:
                _reduce(item, secret)
        elif tag in _UID_TAGS and dataset[tag].value:
            dataset[tag].value = new_uid(str(dataset[tag].value), secret)


def _digest(secret: bytes, kind: str, value: str) -> bytes:
    return hmac.new(secret, f"{kind}\0{value}".encode(), hashlib.sha256).digest()
