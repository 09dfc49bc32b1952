/**
 * Colours and opacities of masks on slices, as vtk.js wants them. `colours` maps the labels seen to [r, g, b], 0..1;
 * `shares` maps labels to the share of `opacity` that is theirs, all of it where nothing is said.
 */
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js';
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction.js';

const LABELS = 255; // of a Uint8Array
const EDGE = 0.49; // a label's colour and opacity reach this far to both sides of its number

/** A mask with one label alone: its edge is drawn where linear interpolation passes one half, so it is smooth. */
function smoothTables([[label, rgb]], opacity) {
  const colour = vtkColorTransferFunction.newInstance();
  const alpha = vtkPiecewiseFunction.newInstance();
  colour.addRGBPoint(0, ...rgb);
  colour.addRGBPoint(label, ...rgb);
  alpha.addPoint(0, 0);
  alpha.addPoint(0.42 * label, 0);
  alpha.addPoint(0.58 * label, opacity);
  alpha.addPoint(label, opacity);
  return { colour, alpha, linear: true };
}

/** A label not in `colours` is not seen, and lends its neighbours nothing. */
function steppedTables(labels, opacity, shares = {}) {
  const colour = vtkColorTransferFunction.newInstance();
  const alpha = vtkPiecewiseFunction.newInstance();
  const step = (at, value) => {
    alpha.addPoint(at - EDGE - 0.01, 0);
    alpha.addPoint(at - EDGE, value);
    alpha.addPoint(at + EDGE, value);
    alpha.addPoint(at + EDGE + 0.01, 0);
  };
  alpha.addPoint(0, 0);
  labels.forEach(([label, rgb]) => {
    colour.addRGBPoint(label - EDGE, ...rgb);
    colour.addRGBPoint(label + EDGE, ...rgb);
    step(label, opacity * (shares[label] ?? 1));
  });
  alpha.addPoint(LABELS, 0);
  return { colour, alpha, linear: false };
}

const entries = (colours) => Object.entries(colours).map(([label, rgb]) => [Number(label), rgb]);

/**
 * Filled areas.
 *
 * @param {boolean} single whether the mask has no other label than the one in `colours`
 * @returns {{colour, alpha, linear}} `linear`: interpolate between voxels
 */
export function labelTables(colours, opacity, single, shares = {}) {
  const labels = entries(colours);
  if (!single || labels.length !== 1) return steppedTables(labels, opacity, shares);
  return smoothTables(labels, opacity * (shares[labels[0][0]] ?? 1));
}

/** Outlines: areas are empty. `edges`[label - 1] is the opacity of a label's outline. */
export function outlineTables(colours, opacity, shares = {}) {
  const labels = entries(colours);
  const edges = Array.from({ length: LABELS }, (_, n) => (n + 1 in colours ? opacity * (shares[n + 1] ?? 1) : 0));
  return { ...steppedTables(labels, 0), edges };
}
