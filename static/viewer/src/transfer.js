/** Windows of the slices (Hounsfield units), and the colours of masks on them. */
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js';
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction.js';

/** [level, width] in HU. */
export const WINDOWS = { bone: [500, 2000], soft: [40, 400], lung: [-600, 1500] };

/** A colour table for label maps: `colours` maps a label to [r, g, b] in 0..1. */
export function labelTables(colours, opacity) {
  const colour = vtkColorTransferFunction.newInstance();
  const alpha = vtkPiecewiseFunction.newInstance();
  const labels = Object.keys(colours).map(Number);
  alpha.addPoint(0, 0);
  if (labels.length === 1) {
    // One label: its edge is drawn where linear interpolation passes one half, so it is smooth.
    const label = labels[0];
    colour.addRGBPoint(0, ...colours[label]);
    colour.addRGBPoint(label, ...colours[label]);
    alpha.addPoint(0.42 * label, 0);
    alpha.addPoint(0.58 * label, opacity);
    alpha.addPoint(label, opacity);
    return { colour, alpha, linear: true };
  }
  labels.forEach((label) => {
    colour.addRGBPoint(label - 0.49, ...colours[label]);
    colour.addRGBPoint(label + 0.49, ...colours[label]);
  });
  alpha.addPoint(0.49, 0);
  alpha.addPoint(0.51, opacity);
  alpha.addPoint(Math.max(2, ...labels), opacity);
  return { colour, alpha, linear: false };
}
