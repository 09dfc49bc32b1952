/**
 * The CT as a volume rendering, alone or coloured by masks, which come as one (see merged-labels.js).
 *
 * Coloured means one ray through two textures, HU and labels: what lies in the mask takes the label's colour, what lies
 * outside turns grey and translucent. Two volumes drawn over each other would not know which is in front.
 */
import vtkVolume from '@kitware/vtk.js/Rendering/Core/Volume.js';
import vtkVolumeMapper from '@kitware/vtk.js/Rendering/Core/VolumeMapper.js';
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js';
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction.js';
import { ColorMixPreset } from '@kitware/vtk.js/Rendering/Core/VolumeProperty/Constants.js';
import { applyTransfer } from './presets-3d.js';
/**
 * @import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData.js'
 * @import { Colours, ColourMask, Transfer, Vec3 } from '../types.js'
 */

/** How much of the CT's opacity stays outside the mask, where it changes from nothing to all. */
const OUTSIDE = 0.12;
/** How much of it stays everywhere while surfaces are to be seen through it. */
export const SEE_THROUGH = 0.12;

// Replaces the hook that vtk.js leaves in its fragment shader; names in it are vtk.js's own. Outside the mask only what
// changes in opacity is drawn, faintly: skin and the edges of bone stand as a veil, flesh does not add up to a wall.
const COLOUR_BY_MASK = `
  float h = volume.transferFunctionsSampleHeight[0];
  float alpha = getOpacityFromTexture(tValue[0], 0, h);
  if (alpha < EPSILON) return vec4(0.0);
  float inside = getOpacityFromTexture(tValue[1], 1, volume.transferFunctionsSampleHeight[1]);
  vec3 dx = vec3(volume.inverseDimensions.x, 0.0, 0.0);
  vec3 dy = vec3(0.0, volume.inverseDimensions.y, 0.0);
  vec3 dz = vec3(0.0, 0.0, volume.inverseDimensions.z);
  vec3 before = vec3(texture(volumeTexture[0], posIS - dx).r, texture(volumeTexture[0], posIS - dy).r,
                     texture(volumeTexture[0], posIS - dz).r);
  vec3 after = vec3(texture(volumeTexture[0], posIS + dx).r, texture(volumeTexture[0], posIS + dy).r,
                    texture(volumeTexture[0], posIS + dz).r);
  vec3 rise = vec3(getOpacityFromTexture(after.x, 0, h) - getOpacityFromTexture(before.x, 0, h),
                   getOpacityFromTexture(after.y, 0, h) - getOpacityFromTexture(before.y, 0, h),
                   getOpacityFromTexture(after.z, 0, h) - getOpacityFromTexture(before.z, 0, h));
  float veil = volume.independentComponentMix[1] * (0.02 + min(1.0, length(rise)));
  alpha *= mix(veil, 1.0, inside);
  vec3 bare = getColorFromTexture(tValue[0], 0, h);
  vec3 label = getColorFromTexture(tValue[1], 1, volume.transferFunctionsSampleHeight[1]);
  float grey = dot(bare, vec3(0.30, 0.59, 0.11));
  vec3 mixed = mix(vec3(grey), label * (0.45 + 0.55 * grey), inside);
  #if vtkNumberOfLights > 0
    vec3 slope = volume.inverseSpacing * (after - before);
    float steep = length(slope);
    vec4 normal = steep > 0.0 ? vec4(normalize(normalISToVC(slope)), steep) : vec4(0.0);
    mixed = applyAllLightning(mixed, alpha, posVC, normal);
  #endif
  return vec4(mixed, alpha);
`;

/** Colour and membership (0 or 1) of the labels in `colours`. @param {Colours} colours */
export function maskTables(colours) {
  const labels = Object.keys(colours).map(Number).sort((a, b) => a - b);
  const colour = vtkColorTransferFunction.newInstance();
  const member = vtkPiecewiseFunction.newInstance();
  const single = labels.length === 1;
  const half = single ? labels[0] / 2 : 0.5; // a single label is interpolated, several are not
  labels.forEach((label) => {
    colour.addRGBPoint(single ? 0 : label - 0.49, ...colours[label]);
    colour.addRGBPoint(label + 0.49, ...colours[label]);
  });
  const membership = (/** @type {number} */ label) => (label in colours ? 1 : 0);
  member.addPoint(0, 0);
  member.addPoint(0.8 * half, 0);
  member.addPoint(1.2 * half, single ? 1 : membership(1));
  const last = labels[labels.length - 1] ?? 1;
  for (let label = 1; label <= (single ? 0 : last); label += 1) {
    member.addPoint(label - 0.35, membership(label));
    member.addPoint(label + 0.35, membership(label));
  }
  member.addPoint(last + 0.5, 1);
  return { colour, member, single };
}

/** @param {vtkImageData} image @param {Vec3} spacing mm @param {boolean} coarse */
function mapperOf(image, spacing, coarse) {
  const finest = Math.min(...spacing);
  const mapper = vtkVolumeMapper.newInstance();
  mapper.setInputData(image);
  mapper.setSampleDistance(coarse ? Math.max(finest, 2) : Math.max(0.7 * finest, 0.5));
  mapper.setAutoAdjustSampleDistances(true);
  mapper.setInitialInteractionScale(2);
  mapper.setMaximumSamplesPerRay(1500);
  return mapper;
}

/**
 * A vtkVolume of the CT.
 *
 * @param {vtkImageData} image HU
 * @param {?ColourMask} mask that colours it, on the same grid
 * @param {{spacing: Vec3, coarse: boolean}} options mm along the axes; whether no graphics card helps
 */
export function createCtVolume(image, mask, { spacing, coarse }) {
  const mapper = mapperOf(image, spacing, coarse);
  const actor = vtkVolume.newInstance();
  actor.setMapper(mapper);
  const property = actor.getProperty();
  property.setInterpolationTypeToLinear();
  property.setScalarOpacityUnitDistance(0, Math.max(1, Math.min(...spacing)));
  if (mask) colourBy(mask, mapper, actor);
  return {
    actor,
    /**
     * Without a card, opacity by gradient would take seconds a picture: there what is flat stays as opaque as it is.
     *
     * @param {Transfer} transfer
     * @param {number} strength of the opacity
     */
    paint: (transfer, strength) =>
      applyTransfer(property, coarse ? { ...transfer, edge: undefined } : transfer, strength),
  };
}

/** @param {ColourMask} mask @param {vtkVolumeMapper} mapper @param {vtkVolume} actor */
function colourBy(mask, mapper, actor) {
  const property = actor.getProperty();
  mapper.addInputData(mask.image());
  actor.getProperty(1).setInterpolationTypeToLinear();
  const { colour, member, single } = maskTables(mask.colours);
  property.setColorMixPreset(ColorMixPreset.CUSTOM);
  property.setRGBTransferFunction(1, colour);
  property.setScalarOpacity(1, member);
  property.setScalarOpacityUnitDistance(1, mapper.getSampleDistance());
  property.setComponentWeight(1, OUTSIDE);
  property.setForceNearestInterpolation(1, !single);
  const view = /** @type {any} */ (mapper).getViewSpecificProperties(); // its types lack it
  view.OpenGL = {
    ShaderReplacements: [
      {
        shaderType: 'Fragment',
        originalValue: '//VTK::CustomColorMix',
        replaceFirst: false,
        replacementValue: COLOUR_BY_MASK,
        replaceAll: true,
      },
    ],
  };
}
