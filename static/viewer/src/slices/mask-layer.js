/** The masks on one slice panel: a picture a mask, filled or as an outline. */
import { createSampler } from './reslice.js';
import { createSliceImage } from './slice-image.js';
import { labelTables, outlineTables } from './label-tables.js';
/**
 * @import vtkImageProperty from '@kitware/vtk.js/Rendering/Core/ImageProperty.js'
 * @import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js'
 * @import { Frame, Look, Mask, Plane, Slab } from '../types.js'
 */

/** @typedef {Pick<Mask, 'colours' | 'single' | 'shares'>} Painted */

const OUTLINE_PX = 2;

/** @param {vtkImageProperty} property @param {Painted} mask @param {number} opacity */
function fill(property, { colours, single, shares }, opacity) {
  const { colour, alpha, linear } = labelTables(colours, opacity, single, shares);
  property.setUseLabelOutline(false);
  property.setRGBTransferFunction(0, colour);
  property.setPiecewiseFunction(0, alpha);
  if (linear) property.setInterpolationTypeToLinear();
  else property.setInterpolationTypeToNearest();
}

/** @param {vtkImageProperty} property @param {Painted} mask @param {number} opacity */
function outline(property, { colours, shares }, opacity) {
  const { colour, alpha, edges } = outlineTables(colours, opacity, shares);
  property.setUseLabelOutline(true);
  property.setLabelOutlineThickness([Math.round(OUTLINE_PX * Math.min(window.devicePixelRatio || 1, 2))]);
  property.setLabelOutlineOpacity(edges);
  property.setRGBTransferFunction(0, colour);
  property.setPiecewiseFunction(0, alpha);
  property.setInterpolationTypeToNearest();
}

/**
 * @param {vtkRenderer} renderer of the panel
 * @param {Frame} frame
 * @param {Plane} plane
 */
export function createMaskLayer(renderer, frame, plane) {
  /** @type {(ReturnType<typeof createSliceImage> & Painted)[]} */
  let layers = [];
  /** @param {Look} look */
  const paint = (look) =>
    layers.forEach((layer) => {
      const property = layer.actor.getProperty();
      property.setUseLookupTableScalarRange(true);
      (look.outline ? outline : fill)(property, layer, look.opacity);
    });
  return {
    paint,
    /** @param {Mask[]} masks @param {Look} look */
    set(masks, look) {
      layers.forEach(({ actor }) => renderer.removeViewProp(actor));
      layers = masks.map(({ box, grid, colours, single, shares }) => {
        const sample = createSampler(grid, frame, box.values, { linear: false, outside: 0 });
        const picture = createSliceImage(frame, plane, Uint8Array, sample);
        picture.mapper.setResolveCoincidentTopologyToPolygonOffset();
        picture.mapper.setResolveCoincidentTopologyPolygonOffsetParameters(-2, -2);
        renderer.addViewProp(picture.actor);
        return { ...picture, colours, single, shares };
      });
      paint(look);
    },
    /** @param {number} slice @param {Slab} slab */
    show: (slice, slab) => layers.forEach((layer) => layer.show(slice, { ...slab, mode: 'max' })),
  };
}
