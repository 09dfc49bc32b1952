/** The masks on one slice panel: a picture a mask, filled or as an outline, and what of it is seen. */
import { createSampler } from './reslice.js';
import { createSliceImage } from './slice-image.js';
import { labelTables, outlineTables } from './label-tables.js';

const OUTLINE_PX = 2;

function fill(property, { colours, single, shares }, opacity) {
  const { colour, alpha, linear } = labelTables(colours, opacity, single, shares);
  property.setUseLabelOutline(false);
  property.setRGBTransferFunction(0, colour);
  property.setPiecewiseFunction(0, alpha);
  if (linear) property.setInterpolationTypeToLinear();
  else property.setInterpolationTypeToNearest();
}

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
 * @param {object} renderer of the panel
 * @param {object} scene { frame }
 * @returns {{set(masks, look), paint(look), show(slice, slab)}} masks: see masks.js; `look` is { opacity 0..1, outline }
 */
export function createMaskLayer(renderer, { frame }, plane) {
  let layers = [];
  const paint = (look) =>
    layers.forEach((layer) => {
      const property = layer.actor.getProperty();
      property.setUseLookupTableScalarRange(true);
      (look.outline ? outline : fill)(property, layer, look.opacity);
    });
  return {
    paint,
    set(masks, look) {
      layers.forEach(({ actor }) => renderer.removeViewProp(actor));
      layers = masks.map(({ box, grid, colours, single, shares }) => {
        const sample = createSampler(grid, frame, box.values, { linear: false, outside: 0 });
        const picture = createSliceImage(frame, plane, Uint8Array, sample);
        const mapper = picture.actor.getMapper();
        mapper.setResolveCoincidentTopologyToPolygonOffset();
        mapper.setResolveCoincidentTopologyPolygonOffsetParameters(-2, -2);
        renderer.addViewProp(picture.actor);
        return { ...picture, colours, single, shares };
      });
      paint(look);
    },
    show: (slice, slab) => layers.forEach((layer) => layer.show(slice, { ...slab, mode: 'max' })),
  };
}
