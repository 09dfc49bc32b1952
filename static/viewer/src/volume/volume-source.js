/** The CT for the 3D view, as fine as the device can draw it, and masks on the same grid. */
import { coarser, factorsFor, thinned, voxelsFor3d } from '../core/sampling.js';
import { thinnedBox } from '../data/label-bounds.js';
import { labelNumbers, mergeLabels } from '../data/merged-labels.js';
import { graphics } from '../vtk/render-window.js';
import { imageOf } from '../vtk/vtk-image.js';
/** @import { ColourMask, Display, Mask, Volume } from '../types.js' */

const MOST_DRAWN_BY_SOFTWARE = 1.5e6; // voxels of the 3D texture

/**
 * @param {object} study
 * @param {Display} study.grid
 * @param {Int16Array} study.values HU, i fastest
 * @param {?Volume} study.preview drawn until `complete`
 */
export function createVolumeSource({ grid, values, preview }) {
  const { software, most3d, tablet } = graphics();
  const affordable = () => factorsFor(grid, software ? MOST_DRAWN_BY_SOFTWARE : voxelsFor3d(grid, tablet), most3d);
  const whole = () => imageOf(coarser(grid, factors), thinned(values, grid.shape, factors));
  let factors = grid.preview && preview ? grid.preview.factors : affordable();
  let image = preview ? imageOf(preview.grid, preview.values) : whole();
  return {
    /** Whether a processor does a graphics card's work. */
    coarse: software,
    /** HU that a histogram can be made of. */
    histogramValues: preview?.values ?? values,
    image: () => image,
    /** `values` are whole now: whether that gives another image. A processor draws a preview's voxels only. */
    complete() {
      if (!preview || software) return false;
      factors = affordable();
      image = whole();
      return true;
    },
    /**
     * All masks as one, on the grid of `image`; null if no label is seen. Where they overlap the later one is seen.
     *
     * @param {Mask[]} masks
     * @returns {?ColourMask}
     */
    maskOf(masks) {
      const blocks = factors;
      const { numbers, colours } = labelNumbers(masks);
      if (!Object.keys(colours).length) return null;
      const labels = () => mergeLabels(masks.map(({ box }) => thinnedBox(box, grid.shape, blocks)), numbers);
      return { colours, image: () => imageOf(coarser(grid, blocks), labels()) };
    },
  };
}
