/** One plane of one array as a picture that vtk.js draws where it lies in the patient. */
import vtkImageMapper from '@kitware/vtk.js/Rendering/Core/ImageMapper.js';
import vtkImageSlice from '@kitware/vtk.js/Rendering/Core/ImageSlice.js';
import { SlicingMode } from '@kitware/vtk.js/Rendering/Core/ImageMapper/Constants.js';
import { PLANES, indexToWorld } from '../core/geometry.js';
import { AXES, cross } from '../core/vectors.js';
import { imageOf } from '../vtk/vtk-image.js';
import { pictureAxes } from './reslice.js';
/** @import { Frame, Plane, Sampler, Slab, VoxelsType } from '../types.js' */

/**
 * @param {Frame} frame
 * @param {Plane} plane
 * @param {VoxelsType} Values type of the array
 * @param {Sampler} sample
 */
export function createSliceImage(frame, plane, Values, sample) {
  const { axis } = PLANES[plane];
  const axes = pictureAxes(plane);
  const [u, v] = axes.map((a) => AXES.map((row) => (row === a ? 1 : 0)));
  const [width, height] = axes.map((a) => frame.shape[a]);
  const columns = [u, v, cross(u, v)];
  const values = new Values(width * height);
  const image = imageOf(
    {
      shape: [width, height, 1],
      spacing_mm: [...axes.map((a) => frame.spacing_mm[a]), 1],
      origin_mm: frame.origin_mm,
      direction: AXES.map((row) => columns.map((column) => column[row])),
    },
    values,
  );
  const mapper = vtkImageMapper.newInstance();
  mapper.setInputData(image);
  mapper.setSlicingMode(SlicingMode.K);
  mapper.setSlice(0);
  const actor = vtkImageSlice.newInstance();
  actor.setMapper(mapper);
  let shown = '';
  return {
    actor,
    mapper,
    /** The array changed: sample it again the next time. */
    invalidate() {
      shown = '';
    },
    /** Show a slice; one that is shown already is not sampled again. @param {number} slice @param {Slab} slab */
    show(slice, slab) {
      const wanted = `${slice} ${slab.count} ${slab.mode}`;
      if (wanted === shown) return;
      shown = wanted;
      sample(plane, slice, slab, values);
      const at = [0, 0, 0];
      at[axis] = slice;
      image.setOrigin(indexToWorld(frame, at));
      image.getPointData().getScalars().dataChange();
      image.modified();
    },
  };
}
