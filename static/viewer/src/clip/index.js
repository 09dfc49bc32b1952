/** The clipping box where it can be seen and held: on the slices and in 3D. */
import { PLANE_NAMES } from '../core/geometry.js';
import { WHOLE } from '../volume/clip-box.js';
import { createClipIn3d } from './clip-in-3d.js';
import { createClipOnSlice } from './clip-on-slices.js';
/**
 * @import { Crosshair, Grid, Plane } from '../types.js'
 * @import { SlicePanel } from '../slices/slice-panel.js'
 * @import { Box } from '../volume/clip-box.js'
 * @import { Scene3d } from '../volume/scene-3d.js'
 */

/**
 * What is drawn, and what asks for another box.
 *
 * @typedef {object} ClipModel
 * @property {Box} box
 * @property {boolean} isShown
 * @property {(box: Box) => void} change
 * @property {(listener: () => void) => () => void} onChange returns what ends it
 */

/**
 * @param {Record<string, HTMLElement>} hosts
 * @param {Record<Plane, SlicePanel>} panels
 * @param {Scene3d} volume
 * @param {{grid: Grid, crosshair: Crosshair}} scene
 * @param {(box: Box) => void} change called with the box that a handle asks for
 */
export function createClipping(hosts, panels, volume, { grid, crosshair }, change) {
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {ClipModel} */
  const model = {
    box: WHOLE,
    isShown: false,
    change,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const layers = PLANE_NAMES.map((plane) => createClipOnSlice(hosts[plane], panels[plane], grid, crosshair, model));
  const in3d = volume.remote ? [] : [createClipIn3d(hosts.volume, volume.main.camera, grid, model)];
  return {
    /** @param {Box} box @param {boolean} isShown */
    set(box, isShown) {
      [model.box, model.isShown] = [box, isShown];
      listeners.forEach((listener) => listener());
    },
    destroy: () => [...layers, ...in3d].forEach((layer) => layer.destroy()),
  };
}
