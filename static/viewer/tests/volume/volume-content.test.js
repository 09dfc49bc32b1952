import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray.js';
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData.js';
import vtkPolyData from '@kitware/vtk.js/Common/DataModel/PolyData.js';
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js';
import { describe, expect, it } from 'vitest';
import { createVolumeContent } from '../../src/volume/volume-content.js';

const direction = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const grid = { shape: [4, 4, 4], spacing_mm: [1, 1, 1], origin_mm: [0, 0, 0], direction };

function surface() {
  const mapper = vtkMapper.newInstance();
  const points = vtkPolyData.newInstance();
  points.getPoints().setData(Float32Array.from([0, 0, 0, 1, 1, 1]), 3);
  mapper.setInputData(points);
  const actor = vtkActor.newInstance();
  actor.setMapper(mapper);
  return actor;
}

/**
 * Whether the CT is drawn, before, while and after the view is turned.
 *
 * @param {boolean} coarse
 * @param {number} surfaces
 */
function drawn(coarse, surfaces) {
  const image = vtkImageData.newInstance();
  image.setDimensions(4, 4, 4);
  image.getPointData().setScalars(vtkDataArray.newInstance({ values: new Int16Array(64), numberOfComponents: 1 }));
  const renderer = vtkRenderer.newInstance();
  const content = createVolumeContent(renderer, /** @type {any} */ ({ grid, image, coarse }), () => {});
  content.setMasks(Array.from({ length: surfaces }, surface), null);
  const isDrawn = () => renderer.getVolumes()[0].getVisibility();
  const seen = [isDrawn()];
  content.setMoving(true);
  seen.push(isDrawn());
  content.setTransfer(content.transfer());
  seen.push(isDrawn());
  content.setMoving(false);
  return [...seen, isDrawn()];
}

describe('the CT around surfaces', () => {
  it('waits until the view stands where a processor draws', () => {
    expect(drawn(true, 2)).toEqual([true, false, false, true]);
  });

  it('turns with them where a card draws, and where there are none', () => {
    expect(drawn(false, 2)).toEqual([true, true, true, true]);
    expect(drawn(true, 0)).toEqual([true, true, true, true]);
  });
});
