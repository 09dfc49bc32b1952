/** vtkImageData of a volume or a mask on the displayed grid. */
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData.js';
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray.js';
/** @import { Grid, Vec3, Voxels } from '../types.js' */

/**
 * Voxels as vtkImageData, in RAS+ mm. The array is not copied.
 *
 * @param {Grid} grid
 * @param {Voxels} values i fastest
 */
export function imageOf(grid, values) {
  const image = vtkImageData.newInstance();
  image.setDimensions(grid.shape);
  image.setSpacing(grid.spacing_mm);
  image.setOrigin(/** @type {Vec3} */ (grid.origin_mm));
  // vtk.js wants the unit vector of i, then of j, then of k: the columns of our matrix.
  const [[a, d, g], [b, e, h], [c, f, i]] = grid.direction;
  image.setDirection(a, b, c, d, e, f, g, h, i);
  image.getPointData().setScalars(vtkDataArray.newInstance({ name: 'values', numberOfComponents: 1, values }));
  return image;
}
