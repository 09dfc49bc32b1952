/** A box along the grid's axes, outside of which nothing is drawn in 3D. */
import vtkPlane from '@kitware/vtk.js/Common/DataModel/Plane.js';
import { axisVector, indexToWorld } from '../core/geometry.js';

/** All of it: [from, to] as fractions of the grid's length along i, j and k. */
export const WHOLE = [[0, 1], [0, 1], [0, 1]];

/**
 * Planes of `box` on `grid`: { origin, normal } in RAS+ mm, normals pointing inwards. Sides that cut nothing have none.
 *
 * @param {number[][]} box as WHOLE
 */
export function boxPlanes(grid, box) {
  return box.flatMap(([from, to], axis) => {
    const at = (fraction) => indexToWorld(grid, [0, 1, 2].map((n) => (n === axis ? fraction * grid.shape[n] - 0.5 : 0)));
    const planes = [];
    if (from > 0) planes.push({ origin: at(from), normal: axisVector(grid, axis) });
    if (to < 1) planes.push({ origin: at(to), normal: axisVector(grid, axis, -1) });
    return planes;
  });
}

/** Clip mappers of volumes and surfaces to these planes, in place of what clipped them before. */
export function clip(mappers, planes) {
  mappers.forEach((mapper) => {
    mapper.removeAllClippingPlanes();
    planes.forEach((plane) => mapper.addClippingPlane(vtkPlane.newInstance(plane)));
  });
}
