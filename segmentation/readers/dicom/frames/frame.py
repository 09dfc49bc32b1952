"""One image of a DICOM file as plain values: what grouping, geometry and decoding need to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
"""Elements of which an image has one."""

Triple = tuple[float, float, float]
_CLASS = "1.2.840.10008.5.1.4.1.1."
_KINDS = {  # of the SOP classes of pictures that no CT scanner makes, and of those that follow each
    "7": "SC", "4": "MR", "128": "PT", "130": "PT", "20": "NM", "6": "US", "3": "US", "1": "DX", "481.2": "RTDOSE",
    "66.4": "SEG",
}  # fmt: skip
_TISSUE_HU = (-900.0, 3000.0)  # air lies below, and above no tissue does


@dataclass(frozen=True)
class Frame:
    """A single-frame image, or one frame of a multi-frame one. Texts are printable and short.

    Attributes:
        path: File that holds it.
        index: Frame inside the file, from 0.
        of: Frames in the file.
        sop_uid, series_uid, study_uid: Of the instance, of its series and of its study; empty where the file has none.
        patient: PatientID, name and birth date, made comparable; for comparing alone, never shown.
        frame_of_reference: Its UID, or empty.
        sop_class: SOP class UID.
        transfer_syntax: Transfer syntax UID.
        modality: ``"CT"``, ``"MR"`` …
        image_type: Values of ImageType (FrameType), such as ``("ORIGINAL", "PRIMARY", "AXIAL")``.
        rows, columns: Pixels; 0 of an object that holds no picture.
        samples: Values a pixel: 1 grey, 3 colour.
        bits_allocated, bits_stored, high_bit, signed: How a stored value is kept.
        slope, inter: HU = stored value * slope + inter.
        padding: Lowest and highest stored value of pixels outside the field of view; None if not given.
        inverted, palette: MONOCHROME1; values that are numbers of colours.
        floating: Whether pixels are stored as floating point numbers.
        unit: RescaleType, in upper case; "" where it is not given.
        convertible: False if values become HU in another way than by a slope and an intercept that are numbers.
        spacing_mm: Between rows (down a column) and between columns; None if not given.
        position_mm: Centre of the first pixel, LPS; None if not given.
        row_axis, column_axis: Unit vectors, LPS, along a row (towards the next column) and down a column.
        acquisition, stack, temporal, instance_number: As in the header, "" or 0 where it has none.
        trigger, scan_options, kvp: Of the heart's phase, of the reconstruction and of the tube; "" where there is none.
        acquired, made: Seconds of the day of AcquisitionTime and ContentTime; -1 where there is none.
        series_number, description, kernel, body_part, protocol: Of the series.
        burned_in, lossy: Text may be in the picture; it was compressed with loss.
        preamble: Whether the file has one.
        pixels_at: Where the pixels of the first frame begin in the file; 0 where they are compressed.
    """

    path: Path
    index: int
    of: int
    sop_uid: str
    series_uid: str
    study_uid: str
    patient: tuple[str, str, str]
    frame_of_reference: str
    sop_class: str
    transfer_syntax: str
    modality: str
    image_type: tuple[str, ...]
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    slope: float
    inter: float
    padding: tuple[int, int] | None
    inverted: bool
    palette: bool
    unit: str
    convertible: bool
    spacing_mm: tuple[float, float] | None
    position_mm: Triple | None
    row_axis: Triple | None
    column_axis: Triple | None
    acquisition: str
    stack: str
    temporal: str
    trigger: str
    scan_options: str
    kvp: str
    acquired: float
    made: float
    instance_number: int
    series_number: int
    description: str
    kernel: str
    body_part: str
    protocol: str
    burned_in: bool
    lossy: bool
    preamble: bool
    pixels_at: int = 0
    floating: bool = False

    @property
    def kind(self) -> str:
        """Modality that the header names; of an object that calls itself CT and is none, that of its SOP class.

        A secondary capture has the modality of what was captured.
        """
        number = self.sop_class.removeprefix(_CLASS) if self.sop_class.startswith(_CLASS) else ""
        of_class = _KINDS.get(number) or _KINDS.get(number.partition(".")[0], "")
        return of_class if of_class == "SC" or (of_class and self.modality == "CT") else self.modality

    @property
    def outside(self) -> tuple[int, int] | None:
        """The padding, in the sign of the pixels; None where there is none or where tissue may have its values."""
        if self.padding is None:
            return None
        low, high = (self._as_stored(value) for value in self.padding)
        hu = sorted((low * self.slope + self.inter, high * self.slope + self.inter))
        return None if hu[1] > _TISSUE_HU[0] and hu[0] < _TISSUE_HU[1] else (low, high)

    def _as_stored(self, padding: int) -> int:
        """Convert a padding value to the sign of the pixels, where a writer confused the two (63536 for -2000)."""
        size = 1 << self.bits_allocated
        if self.signed and padding >= size // 2:
            return padding - size
        if not self.signed and padding < 0:
            return padding + size
        return padding

    @property
    def has_geometry(self) -> bool:
        """True if the header says where in the patient the picture lies."""
        return None not in (self.spacing_mm, self.position_mm, self.row_axis, self.column_axis)

    @property
    def integer_hu(self) -> bool:
        """True if every HU of it is an integer."""
        return not self.floating and self.slope == round(self.slope) and self.inter == round(self.inter)
