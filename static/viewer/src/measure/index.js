/** Measuring: the study's measurements, and a layer of them above each slice panel. */
import { AXES } from '../core/vectors.js';
import { createMeasureLayer } from './layer.js';
import { createMeasurements } from './measurements.js';

/** @import { Crosshair, Frame, Grid, MeasurablePanel, Measurement, Vec3 } from '../types.js' */

/**
 * @param {Record<string, HTMLElement>} hosts elements by plane
 * @param {Record<string, MeasurablePanel>} panels by plane
 * @param {object} scan
 * @param {Grid & {measurements_url: string}} scan.grid
 * @param {Frame} scan.frame
 * @param {Crosshair} scan.crosshair
 * @param {(world: Vec3) => ?number} scan.huAt null outside of the scan
 * @param {(error: Error) => void} failed
 */
export function createMeasuring(hosts, panels, { grid, frame, crosshair, huAt }, failed) {
  const model = createMeasurements(grid.measurements_url, { step: Math.min(...grid.spacing_mm), huAt }, failed);
  const layers = Object.entries(panels).map(([name, panel]) =>
    createMeasureLayer(hosts[name], panel, crosshair, model, frame.spacing_mm[panel.axis]),
  );
  /** Bring the panels to where a measurement lies. @param {Measurement} item */
  const show = ({ points }) =>
    crosshair.moveToWorld(AXES.map((n) => points.reduce((sum, point) => sum + point[n], 0) / points.length));
  model.load();
  return {
    model,
    show,
    destroy: () => layers.forEach((layer) => layer.destroy()),
  };
}
