#!/bin/sh
# SimpleITK reads a DICOM series whose direction cosines were rounded to two digits as if it were not turned at all.
#
# Guess before: axes that are off a right angle by a third of a degree, as rounding to two digits leaves them, are put
# right, or kept, or refused: the series of a turned head or pelvis stays turned.
# Seen (SimpleITK 2.5.7, whose DICOM is GDCM's): up to a scalar product of the two axes of about 0.001 the row is put at
# right angles to the column; beyond it, the direction is the identity, without a warning or an error. Images turned by 20
# degrees are then read as upright: a point 100 mm from the first voxel lies 35 mm away.
# For us: segmentation/readers/dicom/headers.py puts the row at right angles up to 0.01, and refuses what is worse; masks
# that ITK programs show on such a series lie where our reader says, not where these programs show the images.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check simpleitk==2.5.7 pydicom==3.0.2 numpy==2.4.6
cat > try.py <<'END'
import sys

import numpy as np
import pydicom
import SimpleITK
from pydicom.dataset import FileMetaDataset

SimpleITK.ProcessObject.SetGlobalWarningDisplay(True)


def turned(digits):
    """Axes of images turned by 20, 9 and 5 degrees, with so many digits."""
    a, b, c = np.radians((20, 9, 5))
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    turn = about_z @ about_y @ about_x
    return np.round(turn[:, 0], digits), np.round(turn[:, 1], digits)


def write(row, column):
    names = []
    for k in range(3):
        image = pydicom.Dataset()
        image.SOPClassUID = pydicom.uid.CTImageStorage
        image.SOPInstanceUID = f"1.2.3.{k + 1}"
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = "1.2.1", "1.2.2", "1.2.4"
        image.Modality, image.PatientID, image.PatientName, image.InstanceNumber = "CT", "1", "A", k + 1
        image.ImageOrientationPatient = [f"{x:g}" for x in (*row, *column)]
        image.ImagePositionPatient = [f"{x:.6g}" for x in 2.0 * k * np.cross(row, column)]
        image.PixelSpacing, image.SliceThickness = ["1", "1"], "2"
        image.Rows = image.Columns = 8
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
        image.RescaleSlope, image.RescaleIntercept = "1", "0"
        image.PixelData = bytes(128)
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        names.append(f"{k}.dcm")
        image.save_as(names[-1], enforce_file_format=True)
    return names


lost = {}
for digits in (6, 2):
    row, column = turned(digits)
    direction = np.array(SimpleITK.ReadImage(write(row, column)).GetDirection()).reshape(3, 3)
    print(f"{digits} digits: row {row}, column {column}, product {row @ column:.5f}; read as row {direction[:, 0].round(4)}")
    lost[digits] = np.allclose(direction, np.eye(3))
sys.exit(0 if lost == {6: False, 2: True} else 1)
END
env/bin/python try.py || { echo "CHANGED: SimpleITK no longer behaves as described above" >&2; exit 1; }
echo "As described: with six digits the images stay turned, with two they are read as upright."
