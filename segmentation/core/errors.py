"""What can be wrong with an input, said so that a doctor can act on it.

Every message is one plain sentence that says what came; ``hint`` says what to do about it.
"""

from __future__ import annotations


class SpineViewError(Exception):
    """Base of every error this project raises on purpose."""


class InputError(SpineViewError):
    """An input that cannot be used. ``code`` is stable and machine-readable, ``message`` is for people."""

    code = "bad_input"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UnreadableFile(InputError):
    """Truncated, corrupt, or not of the format that its name promises."""

    code = "unreadable_file"


class UnsupportedFormat(InputError):
    """A file type that no reader knows."""

    code = "unsupported_format"


class NotAVolume(InputError):
    """2D pictures, time series, colour images: anything that is not one 3D scalar volume."""

    code = "not_a_volume"


class BadGeometry(InputError):
    """An affine or spacing that places no voxel anywhere: NaN, singular, zero or negative spacing."""

    code = "bad_geometry"


class TooLarge(InputError):
    """More voxels or bytes than the limits allow."""

    code = "too_large"


class TooSmall(InputError):
    """Less anatomy than a vertebra needs to be recognised."""

    code = "too_small"


class NotHounsfield(InputError):
    """Values that cannot be CT numbers in Hounsfield units."""

    code = "not_hounsfield"


class NotCT(InputError):
    """A DICOM object of another modality."""

    code = "not_ct"


class GridMismatch(InputError):
    """Two arrays that should lie on the same grid and do not."""

    code = "grid_mismatch"


class BadConfiguration(InputError):
    """A configuration file or option with an unknown key or an impossible value."""

    code = "bad_configuration"


class BadWeights(InputError):
    """A model file that is damaged or not one of ours."""

    code = "bad_weights"


class OperationCancelled(SpineViewError):
    """Raised inside long work when its ``cancelled`` callable answers True."""
