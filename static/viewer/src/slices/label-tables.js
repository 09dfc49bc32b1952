/** Colours and opacities of masks on slices, as vtk.js wants them. */
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js';
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction.js';
/** @import { Colours, LabelTables, Opacities, Rgb } from '../types.js' */

/** @typedef {[label: number, colour: Rgb]} LabelColour */

const LABELS = 255; // of a Uint8Array
const EDGE = 0.49; // a label's colour and opacity reach this far to both sides of its number

/**
 * A mask with one label alone: its edge is drawn where linear interpolation passes one half, so it is smooth.
 *
 * @param {LabelColour} label
 * @param {number} opacity
 * @returns {LabelTables}
 */
function smoothTables([label, rgb], opacity) {
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

/**
 * Several labels: one that is not in the list is not seen, and lends its neighbours nothing.
 *
 * @param {LabelColour[]} labels
 * @param {number} opacity
 * @param {Opacities} shares
 * @returns {LabelTables}
 */
function steppedTables(labels, opacity, shares = {}) {
  const colour = vtkColorTransferFunction.newInstance();
  const alpha = vtkPiecewiseFunction.newInstance();
  const step = (/** @type {number} */ at, /** @type {number} */ value) => {
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

/** @param {Colours} colours @returns {LabelColour[]} */
const entries = (colours) => Object.entries(colours).map(([label, rgb]) => [Number(label), rgb]);

/**
 * Tables of filled areas. `linear`: interpolate between voxels.
 *
 * @param {Colours} colours of the labels seen
 * @param {number} opacity
 * @param {boolean} single whether the mask has no other label than the one in `colours`
 * @param {Opacities} shares each label's part of the opacity
 */
export function labelTables(colours, opacity, single, shares = {}) {
  const labels = entries(colours);
  if (!single || labels.length !== 1) return steppedTables(labels, opacity, shares);
  return smoothTables(labels[0], opacity * (shares[labels[0][0]] ?? 1));
}

/**
 * Tables of outlines: areas are empty. `edges`[label - 1] is the opacity of a label's outline.
 *
 * @param {Colours} colours of the labels seen
 * @param {number} opacity
 * @param {Opacities} shares each label's part of the opacity
 */
export function outlineTables(colours, opacity, shares = {}) {
  const edges = Array.from({ length: LABELS }, (_, n) => (n + 1 in colours ? opacity * (shares[n + 1] ?? 1) : 0));
  return { ...steppedTables(entries(colours), 0), edges };
}
