"""One image of a DICOM file as plain values: what grouping, geometry and decoding need to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Triple = tuple[float, float, float]
_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"  # and what follows it: secondary capture, single and multi-frame


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
        inverted: MONOCHROME1.
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

    @property
    def kind(self) -> str:
        """Modality that the header names; ``"SC"`` of a secondary capture, whose modality is that of its origin."""
        return "SC" if self.sop_class.startswith(_CAPTURES) else self.modality

    @property
    def has_geometry(self) -> bool:
        """True if the header says where in the patient the picture lies."""
        return None not in (self.spacing_mm, self.position_mm, self.row_axis, self.column_axis)

    @property
    def integer_hu(self) -> bool:
        """True if every HU of it is an integer."""
        return self.slope == round(self.slope) and self.inter == round(self.inter)
