/** vtkImageData of a volume or a mask on the displayed grid. */
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData.js';
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray.js';
import { indexToWorld } from '../core/geometry.js';

/** `values` (i fastest) on `grid` as vtkImageData, in RAS+ mm. The array is not copied. */
export function imageOf(grid, values) {
  const image = vtkImageData.newInstance();
  image.setDimensions(...grid.shape);
  image.setSpacing(...grid.spacing_mm);
  image.setOrigin(...grid.origin_mm);
  // vtk.js wants the unit vector of i, then of j, then of k: the columns of our matrix.
  image.setDirection(...[0, 1, 2].flatMap((axis) => grid.direction.map((row) => row[axis])));
  image.getPointData().setScalars(vtkDataArray.newInstance({ name: 'values', numberOfComponents: 1, values }));
  return image;
}

// A tab of a tablet with 4 GB should stay below 700 MB. A page without a scan takes 250; the scan's voxels, two bytes each,
// come next, because slices show all of them. Of what is left each voxel of the 3D view takes eight bytes: its HU, their
// copies on the way to the graphics card for two views, and its label with its copy (bench/viewer_tablet.py).
const TAB_BYTES = 700e6;
const PAGE_BYTES = 250e6;
const BYTES_IN_3D = 8;
const FEWEST = 4e6;
const MOST = 48e6; // about what a tablet's graphics card has room for

/** How many voxels the 3D view of a scan may have, where a graphics card draws it; `tablet` is a device with little memory. */
export function voxelsFor3d({ shape: [ni, nj, nk] }, tablet) {
  if (!tablet) return MOST;
  const left = TAB_BYTES - PAGE_BYTES - 2 * ni * nj * nk;
  return Math.min(MOST, Math.max(FEWEST, left / BYTES_IN_3D));
}

/**
 * How many voxels along i, j, k make one of the 3D view's, so that it has at most `most` and none of its sides is longer
 * than `longest`, the largest 3D texture of the device. Slices always show every voxel.
 */
export function factorsFor(grid, most, longest = Infinity) {
  const factors = grid.shape.map((n) => Math.ceil(n / longest) || 1);
  const count = () => grid.shape.reduce((product, n, axis) => product * Math.ceil(n / factors[axis]), 1);
  while (count() > most) {
    // The axis with the finest spacing loses first, so that voxels become more cubic.
    const finest = [0, 1, 2].reduce((a, b) => (grid.spacing_mm[b] * factors[b] < grid.spacing_mm[a] * factors[a] ? b : a));
    factors[finest] += 1;
  }
  return factors;
}

/** The grid of blocks of `factors` voxels: a block lies in the middle of its voxels. */
export function coarser(grid, factors) {
  return {
    ...grid,
    shape: grid.shape.map((n, axis) => Math.ceil(n / factors[axis])),
    spacing_mm: grid.spacing_mm.map((mm, axis) => mm * factors[axis]),
    origin_mm: indexToWorld(grid, factors.map((factor) => (factor - 1) / 2)),
  };
}

/** The voxel next to the middle of each block of `factor`, along an axis of `n` voxels. */
export function places(n, factor) {
  const first = Math.floor((factor - 1) / 2);
  return Array.from({ length: Math.ceil(n / factor) }, (_, block) => Math.min(n - 1, first + block * factor));
}

/** One voxel of each block of `factors`, the one next to its middle; the same array where each block is a voxel. */
export function thinned(values, shape, factors) {
  if (factors.every((factor) => factor === 1)) return values;
  const [ni, nj] = shape;
  const [is, js, ks] = shape.map((n, axis) => places(n, factors[axis]));
  const result = new values.constructor(is.length * js.length * ks.length);
  let at = 0;
  for (const k of ks)
    for (const j of js) {
      const row = ni * (j + nj * k);
      for (let n = 0; n < is.length; n += 1) result[at++] = values[row + is[n]];
    }
  return result;
}
