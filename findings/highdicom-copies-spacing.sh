#!/bin/sh
# highdicom gives a segmentation of every second image of a series the spacing of all images, and reads it with holes.
#
# Guess before: the distance of a segmentation's planes follows from the positions of the images that it was made of.
# Seen (highdicom 0.28.2): Segmentation copies SpacingBetweenSlices of the first source image. Made of every second image
# of a series 2 mm apart it says 2 mm for planes that are 4 mm apart, and highdicom's own get_volume then makes 11 planes
# of a solid block of 6, every second one empty, without a warning. Without the tag in the sources it says 4 mm, and the
# block is solid. (Where the tag is no divisor of the distance, get_volume ends with an error instead.)
# For us: segmentation/writers/dicom/seg.py writes the spacing of the planes' positions over what highdicom copied.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check highdicom==0.28.2 pydicom==3.0.2 numpy==2.4.6
cat > try.py <<'END'
import sys

import highdicom as hd
import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.sr.codedict import codes


def source(k, tag):
    image = pydicom.Dataset()
    image.SOPClassUID = pydicom.uid.CTImageStorage
    image.SOPInstanceUID = f"1.2.3.{k + 1}"
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = "1.2.1", "1.2.2", "1.2.4"
    image.Modality, image.PatientID, image.PatientName, image.InstanceNumber = "CT", "1", "A^B", k + 1
    image.PatientBirthDate = image.PatientSex = image.AccessionNumber = image.StudyID = ""
    image.StudyDate, image.StudyTime, image.ReferringPhysicianName = "20260101", "120000", ""
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    image.ImagePositionPatient = [0, 0, 2 * k]
    image.PixelSpacing, image.SliceThickness = ["1", "1"], "2"
    if tag:
        image.SpacingBetweenSlices = "2"
    image.Rows = image.Columns = 8
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
    image.PixelData = bytes(128)
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    return image


def read(tag):
    images = [source(k, tag) for k in range(0, 12, 2)]
    mask = np.ones((len(images), 8, 8), np.uint8)
    what = hd.seg.SegmentDescription(1, "bone", codes.cid7150.AnatomicalStructure, codes.SCT.Bone, "MANUAL")
    made = hd.seg.Segmentation(
        images, mask, "BINARY", [what], hd.UID(), 1, hd.UID(), 1, "maker", "model", "1", "serial"
    )
    made.save_as("seg.dcm")
    said = made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].get("SpacingBetweenSlices")
    volume = hd.seg.segread("seg.dcm").get_volume(combine_segments=True)
    filled = [int(plane.any()) for plane in volume.array]
    print(f"  says {said} mm; read as {len(filled)} planes {volume.spacing[0]:g} mm apart, of which are filled: {filled}")
    return float(said), filled


print("A block on 6 images, 4 mm apart, whose SpacingBetweenSlices is 2:")
with_tag = read(True)
print("The same on images without SpacingBetweenSlices:")
without = read(False)
sys.exit(0 if with_tag == (2.0, [1, 0] * 5 + [1]) and without == (4.0, [1] * 6) else 1)
END
env/bin/python try.py || { echo "CHANGED: highdicom no longer behaves as described above" >&2; exit 1; }
echo "As described: the tag of the sources is copied, and every second plane is empty."
