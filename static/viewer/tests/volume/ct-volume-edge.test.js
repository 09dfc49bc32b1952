import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray.js';
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData.js';
import { describe, expect, it } from 'vitest';
import { createCtVolume } from '../../src/volume/ct-volume.js';
import { presetCopy } from '../../src/volume/presets-3d.js';

/** Whether opacity goes by gradient. @param {string} preset @param {boolean} coarse */
function usesGradient(preset, coarse) {
  const image = vtkImageData.newInstance();
  image.setDimensions(2, 2, 2);
  image.getPointData().setScalars(vtkDataArray.newInstance({ values: new Int16Array(8), numberOfComponents: 1 }));
  const volume = createCtVolume(image, null, { spacing: [1, 1, 1], coarse });
  volume.paint(presetCopy(preset), 1);
  return volume.actor.getProperty().getUseGradientOpacity(0);
}

describe('opacity by gradient', () => {
  it('keeps noise faint where a card draws, and costs nothing where none does', () => {
    expect(usesGradient('bone', false)).toBe(true);
    expect(usesGradient('bone', true)).toBe(false);
    expect(usesGradient('muscle', false)).toBe(false);
  });
});
