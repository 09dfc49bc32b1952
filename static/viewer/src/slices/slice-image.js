/** One plane of one array as a picture that vtk.js draws where it lies in the patient. */
import vtkImageMapper from '@kitware/vtk.js/Rendering/Core/ImageMapper.js';
import vtkImageSlice from '@kitware/vtk.js/Rendering/Core/ImageSlice.js';
import { SlicingMode } from '@kitware/vtk.js/Rendering/Core/ImageMapper/Constants.js';
import { PLANES, indexToWorld } from '../core/geometry.js';
import { imageOf } from '../vtk/vtk-image.js';
import { pictureAxes } from './reslice.js';

const cross = ([a, b, c], [x, y, z]) => [b * z - c * y, c * x - a * z, a * y - b * x];

/**
 * @param {object} frame see patient-frame.js
 * @param {string} plane a key of PLANES
 * @param {Function} Values type of the array
 * @param {Function} sample see reslice.js
 * @returns {{actor, show(slice, slab), forget()}} nothing is sampled again that is shown already
 */
export function createSliceImage(frame, plane, Values, sample) {
  const { axis } = PLANES[plane];
  const axes = pictureAxes(plane);
  const along = axes.map((a) => [0, 1, 2].map((row) => (row === a ? 1 : 0)));
  const columns = [...along, cross(...along)];
  const values = new Values(frame.shape[axes[0]] * frame.shape[axes[1]]);
  const image = imageOf(
    {
      shape: [frame.shape[axes[0]], frame.shape[axes[1]], 1],
      spacing_mm: [frame.spacing_mm[axes[0]], frame.spacing_mm[axes[1]], 1],
      origin_mm: frame.origin_mm,
      direction: [0, 1, 2].map((row) => columns.map((column) => column[row])),
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
    values,
    /** The array changed: sample it again the next time. */
    forget() {
      shown = '';
    },
    show(slice, slab) {
      const wanted = `${slice} ${slab.count} ${slab.mode}`;
      if (wanted === shown) return;
      shown = wanted;
      sample(plane, slice, slab, values);
      const at = [0, 0, 0];
      at[axis] = slice;
      image.setOrigin(...indexToWorld(frame, at));
      image.getPointData().getScalars().dataChange();
      image.modified();
    },
  };
}
