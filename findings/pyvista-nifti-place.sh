#!/bin/sh
# pyvista.read gives a NIfTI image its spacing, but neither its place nor its direction.
#
# Guess before: an oblique NIfTI read by pyvista has the origin and the direction matrix of its affine (in RAS or LPS):
# its ImageData has held a direction matrix for years.
# Seen (pyvista 0.49.1 on VTK 9.7.2): the spacing is right, the origin is (0, 0, 0) and the direction is the identity. VTK's
# reader keeps the file's matrices beside the image (GetSFormMatrix), and read() drops them, without a warning. A mesh of
# the mask, made of it and shown beside data that is in place, lies centimetres away, and may be mirrored.
# For us: volumes and masks are handed over with their affine, never as a NIfTI for VTK to open.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyvista==0.49.1 vtk==9.7.2 nibabel==5.4.2 numpy==2.4.6
cat > try.py <<'END'
import sys

import nibabel
import numpy as np
import pyvista

turn = np.radians(20)
affine = np.eye(4)
affine[:3, :3] = [[0.8 * np.cos(turn), -0.8 * np.sin(turn), 0], [0.8 * np.sin(turn), 0.8 * np.cos(turn), 0], [0, 0, 2.5]]
affine[:3, 3] = (-120, 45, -310)
image = nibabel.Nifti1Image(np.zeros((5, 6, 7), np.int16), affine)
image.set_sform(affine, 1)
image.set_qform(affine, 1)
nibabel.save(image, "scan.nii.gz")
read = pyvista.read("scan.nii.gz")
matrix = read.GetDirectionMatrix()
direction = np.array([[matrix.GetElement(row, column) for column in range(3)] for row in range(3)])
print("file:   ", affine[:3, 3], "turned 20 degrees")
print("pyvista:", np.array(read.origin), "spacing", np.round(read.spacing, 3), "direction", direction.tolist())
lost = np.allclose(read.origin, 0) and np.allclose(direction, np.eye(3))
sys.exit(0 if lost and np.allclose(read.spacing, (0.8, 0.8, 2.5), atol=1e-4) else 1)
END
env/bin/python try.py || { echo "CHANGED: pyvista no longer behaves as described above" >&2; exit 1; }
echo "As described: the spacing is the file's, the origin is 0 and the direction the identity."
