/** Measuring: the study's measurements, and a layer of them above each slice panel. */
import { isInside, worldToIndex } from '../core/patient-frame.js';
import { clampIndex } from '../core/geometry.js';
import { createMeasureLayer } from './layer.js';
import { createMeasurements } from './measurements.js';

/**
 * @param {object} hosts elements by plane
 * @param {object} panels slice panels by plane
 * @param {object} scan { grid, frame, crosshair, hu(voxel) }
 * @param {(error: Error) => void} failed
 */
export function createMeasuring(hosts, panels, { grid, frame, crosshair, hu }, failed) {
  const huAt = (world) => {
    const index = worldToIndex(grid, world);
    return isInside(grid, index) ? hu(clampIndex(grid, index)) : null;
  };
  const model = createMeasurements(grid.measurements_url, { step: Math.min(...grid.spacing_mm), huAt }, failed);
  const layers = Object.entries(panels).map(([name, panel]) =>
    createMeasureLayer(hosts[name], panel, crosshair, model, frame.spacing_mm[panel.axis]),
  );
  /** Bring the panels to where a measurement lies. */
  const show = (item) => {
    const middle = [0, 1, 2].map((n) => item.points.reduce((sum, point) => sum + point[n], 0) / item.points.length);
    crosshair.moveToWorld(middle);
  };
  model.load();
  return {
    model,
    show,
    destroy() {
      layers.forEach((layer) => layer.destroy());
    },
  };
}
