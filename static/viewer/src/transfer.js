/** Windows, and what HU look like in 3D. Numbers are Hounsfield units and opacities per mm. */
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js';
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction.js';

/** [level, width] in HU. */
export const WINDOWS = { bone: [500, 2000], soft: [40, 400], lung: [-600, 1500] };

/**
 * Presets of the 3D view: colour points [HU, r, g, b], opacity points [HU, opacity], and the lighting.
 * `bone` keeps soft tissue out; `ramp` is the plain grey ramp of the thesis: both rise linearly with HU.
 */
export const VOLUME_PRESETS = {
  bone: {
    colours: [
      [-1000, 0.2, 0.1, 0.08],
      [120, 0.5, 0.28, 0.2],
      [240, 0.83, 0.68, 0.52],
      [500, 0.94, 0.88, 0.76],
      [1500, 1, 0.99, 0.96],
    ],
    opacities: [
      [-1000, 0],
      [140, 0],
      [230, 0.12],
      [420, 0.45],
      [1200, 0.8],
    ],
    shade: true,
  },
  ramp: {
    colours: [
      [-1000, 0, 0, 0],
      [1000, 1, 1, 1],
    ],
    opacities: [
      [-1000, 0],
      [-300, 0],
      [1000, 0.2],
    ],
    shade: false,
  },
};

/** How much of the CT's opacity stays where a coloured surface is to be seen through it. */
export const SEE_THROUGH = 0.12;

/** Set colours, opacities and lighting of a vtkVolumeProperty; `strength` scales the opacity. */
export function applyPreset(property, name, strength = 1) {
  const preset = VOLUME_PRESETS[name];
  const colour = vtkColorTransferFunction.newInstance();
  preset.colours.forEach((point) => colour.addRGBPoint(...point));
  const opacity = vtkPiecewiseFunction.newInstance();
  preset.opacities.forEach(([hu, value]) => opacity.addPoint(hu, value * strength));
  property.setRGBTransferFunction(0, colour);
  property.setScalarOpacity(0, opacity);
  property.setShade(preset.shade);
  property.setAmbient(preset.shade ? 0.25 : 1);
  property.setDiffuse(preset.shade ? 0.75 : 0);
  property.setSpecular(preset.shade ? 0.2 : 0);
  property.setSpecularPower(12);
}

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
