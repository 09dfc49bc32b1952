/** All that navigation draws on the panels of a study. */
import { PLANE_NAMES } from '../core/geometry.js';
import { createLayer3d } from './layer-3d.js';
import { createNavigationScene } from './scene.js';
import { createSliceLayer } from './slices.js';
/**
 * @import { Crosshair, Grid, MeasurablePanel, Plane } from '../types.js'
 * @import { Drawing, Tool } from './slices.js'
 */

/**
 * @typedef {object} Parts what of the viewer is drawn on
 * @property {Record<string, HTMLElement>} hosts
 * @property {Record<Plane, MeasurablePanel>} panels
 * @property {Crosshair} crosshair
 * @property {{grid: Grid, values: Int16Array, air: number}} scan
 * @property {any} volume the 3D view, drawn by this browser; null where the server draws it
 */

/** @param {Parts} parts */
export function createOverlay({ hosts, panels, crosshair, volume }) {
  const layers = PLANE_NAMES.map((plane) => createSliceLayer(hosts[plane], panels[plane], () => crosshair.world));
  const scene = volume?.addActors ? createNavigationScene(volume) : null;
  const above = scene ? createLayer3d(hosts.volume, volume.camera) : null;
  return {
    /** @param {Drawing} drawing */
    set(drawing) {
      layers.forEach((layer) => layer.set(drawing));
      scene?.set(drawing);
      above?.setGrips(drawing.grips);
      above?.setTool(drawing.tool);
    },
    /** @param {Tool | null} tool */
    setTool(tool) {
      layers.forEach((layer) => layer.setTool(tool));
      above?.setTool(tool);
    },
    destroy() {
      layers.forEach((layer) => layer.destroy());
      scene?.destroy();
      above?.destroy();
    },
  };
}
