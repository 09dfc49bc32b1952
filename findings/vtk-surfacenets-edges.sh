#!/bin/sh
# VTK's surface nets do not close the surface of a body whose voxels touch along an edge.
#
# Guess before: vtkSurfaceNets3D of one label gives a closed surface, in which each edge belongs to two triangles.
# Seen (vtk 9.7.2): of one block it does, 270 edges of two triangles each. Of two blocks of one label that touch along an
# edge 8 edges belong to one triangle alone; without smoothing 14 points lie where another point lies, and once these are
# welded 6 edges belong to four triangles. With smoothing the points part, and the cracks stay open after welding.
# For us: a surface is not to be called watertight because surface nets made it; see segmentation/analysis/surface.py.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check vtk==9.7.2 numpy==2.4.6
cat > try.py <<'END'
import sys
from collections import Counter

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import vtkCleanPolyData, vtkSurfaceNets3D


def triangles_an_edge(touching, smoothing, welded):
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[3:6, 3:6, 3:9] = 1
    if touching:
        labels[6:9, 6:9, 3:9] = 1
    image = vtkImageData()
    image.SetDimensions(labels.shape)
    image.GetPointData().SetScalars(numpy_to_vtk(labels.ravel(order="F"), deep=True))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    nets.SetValue(0, 1)
    nets.SetSmoothing(smoothing)
    nets.SetOutputMeshTypeToTriangles()
    nets.Update()
    surface = nets.GetOutput()
    if welded:
        clean = vtkCleanPolyData()
        clean.SetInputData(surface)
        clean.Update()
        surface = clean.GetOutput()
    faces = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    edges = Counter(tuple(sorted((int(f[i]), int(f[(i + 1) % 3])))) for f in faces for i in range(3))
    return dict(Counter(edges.values()))


seen = {
    "one block": triangles_an_edge(False, False, False),
    "two blocks": triangles_an_edge(True, False, False),
    "two blocks, welded": triangles_an_edge(True, False, True),
    "two blocks, smoothed and welded": triangles_an_edge(True, True, True),
}
for name, counts in seen.items():
    print(f"{name}: " + ", ".join(f"{n} edges of {k} triangle(s)" for k, n in sorted(counts.items())))
expected = [{2: 270}, {2: 536, 1: 8}, {2: 528, 4: 6}, {2: 536, 1: 8}]
sys.exit(0 if list(seen.values()) == expected else 1)
END
env/bin/python try.py || { echo "CHANGED: vtkSurfaceNets3D no longer behaves as described above" >&2; exit 1; }
echo "As described: where voxels touch along an edge alone, the surface has open edges, or edges of four triangles once welded."
