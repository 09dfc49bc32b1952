/** vtkImageData of a volume or a mask on the displayed grid. */
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData.js';
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray.js';

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

/**
 * The grid and values for the 3D view: the same, or every second (third, …) voxel of a volume too large for it.
 * Slices always show every voxel.
 *
 * @param {number} most voxels
 * @param {number} longest voxels along one axis: the largest 3D texture of the device
 */
export function thinned(grid, values, most, longest = Infinity) {
  const step = [1, 1, 1];
  const shape = () => grid.shape.map((n, axis) => Math.ceil(n / step[axis]));
  const count = () => shape().reduce((a, b) => a * b);
  shape().forEach((n, axis) => (step[axis] = Math.ceil(n / longest) || 1));
  while (count() > most) {
    // The axis with the finest spacing loses first, so that voxels become more cubic.
    const finest = [0, 1, 2].reduce((a, b) => (grid.spacing_mm[b] * step[b] < grid.spacing_mm[a] * step[a] ? b : a));
    step[finest] += 1;
  }
  if (step.every((s) => s === 1)) return { grid, values };
  const [ni, nj, nk] = shape();
  const result = new values.constructor(ni * nj * nk);
  let at = 0;
  for (let k = 0; k < nk; k += 1)
    for (let j = 0; j < nj; j += 1) {
      const row = grid.shape[0] * (j * step[1] + grid.shape[1] * k * step[2]);
      for (let i = 0; i < ni; i += 1) result[at++] = values[row + i * step[0]];
    }
  const spacing = grid.spacing_mm.map((mm, axis) => mm * step[axis]);
  return { grid: { ...grid, shape: [ni, nj, nk], spacing_mm: spacing }, values: result };
}
