#!/bin/sh
# A shallow copy of a pydicom data set shares its elements: a value set on the copy is the original's, too.
#
# Guess before: copy.copy(dataset) is a container of its own, as of a dict: setting another UID there leaves the original.
# Seen (pydicom 3.0.2): after own = copy.copy(dataset); own.SOPInstanceUID = new, dataset.SOPInstanceUID is new as well, and
# an attribute that only the copy got is in the original. copy.deepcopy keeps them apart.
# For us: images that share a UID got UIDs of their own for highdicom, and all references went to the invented ones
# (segmentation/writers/dicom/objects.py copies deeply).
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2
cat > try.py <<'END'
import copy
import sys

from pydicom.dataset import Dataset

original = Dataset()
original.SOPInstanceUID = "1.2.3"
shallow = copy.copy(original)
shallow.SOPInstanceUID = "1.2.4"
shallow.PatientID = "17"
seen = (str(original.SOPInstanceUID), "PatientID" in original)
print(f"after a change of the shallow copy the original has {seen[0]}, and an attribute more: {seen[1]}")
deep = copy.deepcopy(original)
deep.SOPInstanceUID = "1.2.5"
print(f"after a change of the deep copy the original has {original.SOPInstanceUID}")
sys.exit(0 if seen == ("1.2.4", True) and original.SOPInstanceUID == "1.2.4" else 1)
END
env/bin/python try.py
