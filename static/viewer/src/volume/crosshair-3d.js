/** The crosshair in 3D: three lines through its point, in the colours of the planes they are the axes of. */
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkLineSource from '@kitware/vtk.js/Filters/Sources/LineSource.js';
import { indexToWorld } from '../core/geometry.js';
/** @import { Grid, Numbers, Rgb } from '../types.js' */

/**
 * Along i, j, k: the axes of the sagittal, coronal and axial plane; the colours are those of tokens.css.
 *
 * @type {Rgb[]}
 */
const COLOURS = [[0.98, 0.8, 0.08], [0.29, 0.87, 0.5], [0.97, 0.44, 0.44]];

/** @param {Grid} grid */
export function createCross(grid) {
  const lines = COLOURS.map((colour) => {
    const source = vtkLineSource.newInstance();
    const mapper = vtkMapper.newInstance({ scalarVisibility: false });
    mapper.setInputConnection(source.getOutputPort());
    const actor = vtkActor.newInstance();
    actor.setMapper(mapper);
    actor.getProperty().setColor(...colour);
    actor.getProperty().setLighting(false);
    actor.setPickable(false);
    return { source, actor };
  });
  return {
    actors: lines.map(({ actor }) => actor),
    /** Put the lines through an index of the grid. @param {Numbers} index */
    place(index) {
      lines.forEach(({ source }, axis) => {
        const end = (/** @type {number} */ n) => indexToWorld(grid, index.map((value, a) => (a === axis ? n : value)));
        source.setPoint1(...end(-0.5));
        source.setPoint2(...end(grid.shape[axis] - 0.5));
      });
    },
  };
}
