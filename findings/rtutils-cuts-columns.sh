#!/bin/sh
# rt-utils reads a structure of an image wider than high into an array of the wrong shape, and loses columns.
#
# Guess before: the mask that rt-utils wrote comes back as it was, or half a voxel smaller.
# Seen (rt-utils 1.2.7, opencv-python 5.0.0.93, pydicom 3.0.2): for images of 32 rows and 40 columns add_roi takes a
# mask of (32, 40, slices), and the contours it writes are right; get_roi_mask_by_name returns (40, 32, slices), filled as
# [row, column], so that whatever lies beyond column 32 is gone without a word. Square images come back whole.
# For us: a structure set of ours is judged with rt-utils on square images only; others with another reader.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check rt-utils==1.2.7 opencv-python==5.0.0.93 pydicom==3.0.2 numpy==2.4.6
cat > try.py <<'END'
import sys
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from rt_utils import RTStructBuilder


def write_series(folder, rows, columns, slices=6):
    folder.mkdir()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k in range(slices):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = CTImageStorage
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
        image.Modality, image.PatientName, image.PatientID, image.InstanceNumber = "CT", "Phantom", "1", k + 1
        image.StudyDate = image.StudyTime = image.StudyID = image.AccessionNumber = ""
        image.PatientBirthDate = image.PatientSex = image.ReferringPhysicianName = ""
        image.Rows, image.Columns, image.SamplesPerPixel = rows, columns, 1
        image.PhotometricInterpretation, image.PixelRepresentation = "MONOCHROME2", 1
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.PixelSpacing, image.SliceThickness = [1, 1], 2
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 2 * k]
        image.RescaleSlope, image.RescaleIntercept = 1, -1024
        image.PixelData = np.zeros((rows, columns), np.int16).tobytes()
        image.save_as(folder / f"{k}.dcm", enforce_file_format=True)


def there_and_back(name, rows, columns):
    write_series(Path(name), rows, columns)
    mask = np.zeros((rows, columns, 6), dtype=bool)
    mask[5:12, 3:9, 2:4] = True
    mask[20:28, 34:38, 2:4] = True
    writer = RTStructBuilder.create_new(name)
    writer.add_roi(mask=mask, name="bone")
    writer.save(f"{name}.dcm")
    back = RTStructBuilder.create_from(name, f"{name}.dcm").get_roi_mask_by_name("bone")
    return mask, back


square, square_back = there_and_back("square", 40, 40)
wide, wide_back = there_and_back("wide", 32, 40)
print("square: written", square.shape, int(square.sum()), "read", square_back.shape, int(square_back.sum()))
print("wide:   written", wide.shape, int(wide.sum()), "read", wide_back.shape, int(wide_back.sum()))
same = np.array_equal(square, square_back)
cut = wide_back.shape == (40, 32, 6) and np.array_equal(wide_back[:32], wide[:, :32]) and not wide_back[32:].any()
sys.exit(0 if same and cut else 1)
END
env/bin/python try.py >seen || { cat seen; echo "CHANGED: rt-utils no longer behaves as described above" >&2; exit 1; }
grep -v "^Writing" seen
echo "As described: the square image's mask came back whole; the wide image's came back as (columns, rows), cut at column 32."
