#!/bin/sh
# nibabel imports the whole of pydicom, where it is installed, before it reads its first NIfTI.
#
# Guess before: a library that reads NIfTI imports pydicom when it is asked for DICOM.
# Seen (nibabel 5.4.2, pydicom 3.0.2): `import nibabel` alone loads more than 50 modules of pydicom, for one of NIfTI's header
# extensions; in an environment without pydicom it loads none and works the same.
# For us: `spineview info` of a NIfTI hides pydicom while it imports nibabel, which more than halves that import.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check nibabel==5.4.2 numpy==2.4.6
count='import sys, nibabel; print(sum(name.split(".")[0] == "pydicom" for name in sys.modules))'
without=$(env/bin/python -c "$count")
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2
with=$(env/bin/python -c "$count")
echo "modules of pydicom after 'import nibabel': $without where it is not installed, $with where it is"
if [ "$without" = 0 ] && [ "$with" -gt 50 ]; then
    echo "As described: importing nibabel imports pydicom."
else
    echo "CHANGED: nibabel no longer behaves as described above" >&2
    exit 1
fi
