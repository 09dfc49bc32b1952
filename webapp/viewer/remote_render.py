"""The 3D view drawn by the server, for a browser without WebGL2: a process of its own, one for each page.

A VTK window in the web process would cost every other page its speed, so this is run as a child (``remote.py``), serves
its page on a port of this machine alone, and ends when its standard input closes.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (registers what draws)
from trame.ui.html import DivLayout
from trame.widgets import html
from trame.widgets import vtk as vtk_widgets
from trame_server import Server
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
from vtkmodules.vtkInteractionStyle import vtkInteractorStyleTrackballCamera
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkPolyDataMapper,
    vtkRenderer,
    vtkRenderWindow,
    vtkRenderWindowInteractor,
)

from segmentation.analysis.surface import surface_mesh
from segmentation.core.geometry import to_canonical
from segmentation.core.hounsfield import BONE_SURFACE_HU
from segmentation.core.labels import label_of
from segmentation.readers import read_label_map, read_volume
from webapp.display.voxel_codec import preview_factors, shrink

_VOXELS = 3_000_000  # of the CT that the bone's surface is made from
_LONELY_S = 60  # without a browser the process ends by itself


def bone_surface(ct: Path) -> vtkPolyData:
    """Make the surface of what is denser than bone, in RAS+ mm, from a copy of the CT that is small enough to turn."""
    volume = read_volume(ct)
    hu, grid = to_canonical(volume.hu, volume.grid), volume.grid.canonical
    factors = preview_factors(grid.shape, grid.spacing_mm, _VOXELS)
    small = shrink(hu, factors)
    image = vtkImageData()
    image.SetDimensions(*small.shape)
    image.SetSpacing(*(np.array(grid.spacing_mm) * factors))
    image.SetOrigin(*grid.to_mm((np.array(factors) - 1) / 2))
    image.SetDirectionMatrix(*(grid.affine[:3, :3] / np.array(grid.spacing_mm)).ravel())
    image.GetPointData().SetScalars(numpy_to_vtk(small.ravel(order="F"), deep=True))  # type: ignore[no-untyped-call]
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, BONE_SURFACE_HU)
    edges.Update()
    surface: vtkPolyData = edges.GetOutput()
    return surface


def scene(ct: Path, masks: list[Path]) -> vtkRenderWindow:
    """Draw the bone, and the labels of the masks in their colours, seen from the front."""
    renderer = vtkRenderer()
    renderer.SetBackground(0.02, 0.031, 0.043)
    renderer.AddActor(_actor(bone_surface(ct), (235, 222, 196), 0.25 if masks else 1.0))
    for path in masks:
        label_map = read_label_map(path)
        for number in label_map.present:
            renderer.AddActor(_actor(surface_mesh(label_map, number), label_of(number, label_map.kind).rgb, 1.0))
    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.AddRenderer(renderer)
    interactor = vtkRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    interactor.SetInteractorStyle(vtkInteractorStyleTrackballCamera())
    camera = renderer.GetActiveCamera()
    camera.SetFocalPoint(0, 0, 0)
    camera.SetPosition(-0.55, 1, 0.2)
    camera.SetViewUp(0, 0, 1)
    renderer.ResetCamera()
    camera.Zoom(1.3)
    return window


def _actor(surface: vtkPolyData, rgb: tuple[int, int, int], opacity: float) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(surface)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*(c / 255 for c in rgb))
    actor.GetProperty().SetOpacity(opacity)
    return actor


def serve(window: vtkRenderWindow) -> None:
    """Serve the page until standard input closes; the first line of standard output is the port."""
    server: Any = Server(name="remote")
    server.client_type = "vue3"
    with DivLayout(server) as layout, html.Div(style="position: absolute; inset: 0"):
        vtk_widgets.VtkRemoteView(window, interactive_ratio=1)
    layout.flush_content()

    def tell(**_: Any) -> None:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()

    threading.Thread(target=_end_with_parent, daemon=True).start()
    server.controller.on_server_ready.add(tell)
    server.start(port=0, host="127.0.0.1", open_browser=False, show_connection_info=False, timeout=_LONELY_S)


def _end_with_parent() -> None:
    sys.stdin.read()  # until the web process closes it, or is gone
    os._exit(0)  # nothing here outlives the page, and stopping trame would wait for its sockets


def main() -> None:
    """Draw the CT and the masks that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ct", type=Path)
    parser.add_argument("masks", type=Path, nargs="*")
    options = parser.parse_args()
    sys.argv = sys.argv[:1]  # trame has arguments of its own
    serve(scene(options.ct, options.masks))


if __name__ == "__main__":
    main()
