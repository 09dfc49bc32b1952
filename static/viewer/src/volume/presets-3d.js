/** What HU look like in 3D: transfer functions, linear between their points. */
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js';
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction.js';
/**
 * @import vtkVolumeProperty from '@kitware/vtk.js/Rendering/Core/VolumeProperty.js'
 * @import { Transfer } from '../types.js'
 */

const BONE_COLOURS = [
  [-1000, 0.2, 0.1, 0.08],
  [120, 0.5, 0.28, 0.2],
  [240, 0.83, 0.68, 0.52],
  [500, 0.94, 0.88, 0.76],
  [1500, 1, 0.99, 0.96],
];

/** HU a mm from which an edge is one: noise in what is dense, but no bone, stays faint, and looks less like pepper. */
const EDGE = 90;
/** What is left where HU do not change at all. */
const FLAT_OPACITY = 0.05;

/**
 * `bone` keeps soft tissue out; `spine` lets a veil of it stand; `ramp` is a plain grey ramp.
 *
 * @type {Record<string, Transfer>}
 */
export const VOLUME_PRESETS = {
  bone: {
    colours: BONE_COLOURS,
    opacities: [[-1000, 0], [140, 0], [230, 0.12], [420, 0.45], [1200, 0.8]],
    shade: true,
    edge: EDGE,
  },
  spine: {
    colours: [
      [-1000, 0.2, 0.1, 0.08],
      [0, 0.45, 0.2, 0.16],
      [110, 0.62, 0.32, 0.24],
      [200, 0.9, 0.72, 0.5],
      [450, 1, 0.94, 0.82],
      [1600, 1, 1, 1],
    ],
    opacities: [[-1000, 0], [-20, 0], [60, 0.006], [110, 0.012], [170, 0.14], [350, 0.5], [1200, 0.9]],
    shade: true,
    edge: EDGE,
  },
  muscle: {
    colours: [
      [-1000, 0.2, 0.1, 0.08],
      [-100, 0.85, 0.7, 0.45],
      [20, 0.66, 0.25, 0.19],
      [90, 0.76, 0.33, 0.26],
      [220, 0.93, 0.82, 0.68],
      [900, 1, 0.97, 0.92],
    ],
    opacities: [[-1000, 0], [-30, 0], [25, 0.1], [90, 0.28], [220, 0.6], [900, 0.9]],
    shade: true,
  },
  skin: {
    colours: [
      [-1000, 0.4, 0.25, 0.2],
      [-400, 0.82, 0.6, 0.48],
      [-100, 0.92, 0.72, 0.6],
      [100, 0.9, 0.66, 0.56],
      [600, 1, 0.92, 0.86],
    ],
    opacities: [[-1000, 0], [-600, 0], [-350, 0.35], [-150, 0.85], [600, 0.95]],
    shade: true,
  },
  lung: {
    colours: [
      [-1000, 0.1, 0.12, 0.2],
      [-900, 0.2, 0.35, 0.6],
      [-700, 0.55, 0.7, 0.85],
      [-450, 0.85, 0.62, 0.55],
      [0, 0.8, 0.4, 0.35],
      [400, 1, 0.95, 0.9],
    ],
    opacities: [[-1024, 0], [-960, 0], [-880, 0.02], [-650, 0.07], [-450, 0.015], [-300, 0], [250, 0], [500, 0.05]],
    shade: true,
  },
  metal: {
    colours: [
      [-1000, 0.2, 0.1, 0.08],
      [200, 0.55, 0.47, 0.4],
      [1200, 0.95, 0.9, 0.8],
      [2000, 0.55, 0.75, 0.95],
      [3000, 0.85, 0.95, 1],
    ],
    opacities: [[-1000, 0], [180, 0], [350, 0.02], [1300, 0.06], [2000, 0.7], [3000, 0.98]],
    shade: true,
  },
  ramp: {
    colours: [[-1000, 0, 0, 0], [1000, 1, 1, 1]],
    opacities: [[-1000, 0], [-300, 0], [1000, 0.2]],
    shade: false,
  },
};

/** What can be chosen: a preset, or no volume at all. */
export const VOLUME_PRESET_NAMES = [...Object.keys(VOLUME_PRESETS), 'off'];

/**
 * A transfer function that may be changed without changing its preset; null for "off".
 *
 * @param {string} name
 * @returns {?Transfer}
 */
export const presetCopy = (name) => structuredClone(VOLUME_PRESETS[name] ?? null);

/**
 * Draw a volume by a transfer function.
 *
 * @param {vtkVolumeProperty} property
 * @param {Transfer} transfer
 * @param {number} strength scales the opacity
 */
export function applyTransfer(property, transfer, strength = 1) {
  const colour = vtkColorTransferFunction.newInstance();
  transfer.colours.forEach(([hu, r, g, b]) => colour.addRGBPoint(hu, r, g, b));
  const opacity = vtkPiecewiseFunction.newInstance();
  transfer.opacities.forEach(([hu, value]) => opacity.addPoint(hu, value * strength));
  property.setRGBTransferFunction(0, colour);
  property.setScalarOpacity(0, opacity);
  property.setShade(transfer.shade);
  property.setAmbient(transfer.shade ? 0.25 : 1);
  property.setDiffuse(transfer.shade ? 0.75 : 0);
  property.setSpecular(transfer.shade ? 0.2 : 0);
  property.setSpecularPower(12);
  property.setUseGradientOpacity(0, Boolean(transfer.edge));
  property.setGradientOpacityMinimumValue(0, 0);
  property.setGradientOpacityMinimumOpacity(0, FLAT_OPACITY);
  property.setGradientOpacityMaximumValue(0, transfer.edge ?? 1);
  property.setGradientOpacityMaximumOpacity(0, 1);
}
