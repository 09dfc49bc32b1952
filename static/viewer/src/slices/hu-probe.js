/** The line below the panels: the HU and the place under the pointer, or under the crosshair. */
import { clampIndex, offsetOf, positionText } from '../core/geometry.js';
import { isInside, worldToIndex } from '../core/patient-frame.js';
/** @import { Crosshair, Grid, Numbers } from '../types.js' */

/**
 * @param {HTMLElement} element
 * @param {Grid} grid of the scan
 * @param {Int16Array} values HU, i fastest
 * @param {Crosshair} crosshair
 * @param {boolean} isPreview whether some of the values are still those of a preview
 */
export function createHuProbe(element, grid, values, crosshair, isPreview) {
  let isComplete = !isPreview;
  const hu = (/** @type {Numbers} */ voxel) => values[offsetOf(grid, voxel)];

  /** The HU of the voxel at a place; null outside of the scan. @param {Numbers} world */
  function huAt(world) {
    const index = worldToIndex(grid, world);
    return isInside(grid, index) ? hu(clampIndex(grid, index)) : null;
  }
  /** The same in words, "–" outside of the scan. @param {Numbers} world */
  function reading(world) {
    const value = huAt(world);
    return value === null ? '–' : `${isComplete ? '' : '≈ '}${value} HU`;
  }
  /** Show a place; the crosshair's where it is null or outside of the scan. @param {?Numbers} world */
  function show(world) {
    const inside = world && huAt(world) !== null;
    const at = inside ? world : crosshair.world;
    const voxel = clampIndex(grid, worldToIndex(grid, at));
    element.textContent = `${inside ? '' : '+  '}${reading(at)}   ${positionText(at)} mm`;
    element.title = `(${voxel.join(', ')})`;
  }
  return {
    hu,
    huAt,
    reading,
    show,
    /** All of the scan has come. */
    complete() {
      isComplete = true;
      show(null);
    },
  };
}
