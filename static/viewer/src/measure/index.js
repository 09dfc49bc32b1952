/** Measuring: the study's measurements, and a layer of them above each slice panel. */
import { AXES } from '../core/vectors.js';
import { createDrawnLayer, middleOf } from './drawn/layer.js';
import { createDrawn } from './drawn/model.js';
import { createMeasureLayer } from './layer.js';
import { createMeasurements } from './measurements.js';

/** @import { Crosshair, DrawnMeasure, Frame, Grid, MeasurablePanel, Measurement, Vec3 } from '../types.js' */

const AROUND_MM = 22; // what is shown around a measure

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
  const drawn = createDrawn();
  const drawnLayers = Object.entries(panels).map(([name, panel]) =>
    createDrawnLayer(hosts[name], panel, crosshair, drawn),
  );
  /** Bring the panels to a measure of the program's, and its plane close to it. @param {DrawnMeasure} item */
  function lookAt(item) {
    crosshair.moveToWorld(middleOf(item));
    const panel = Object.values(panels).find(({ plane }) => plane === item.plane);
    const points = [...item.lines, ...item.guides].flat();
    const side = (/** @type {'min' | 'max'} */ which, /** @type {number} */ by) =>
      AXES.map((n) => Math[which](...points.map((point) => point[n])) + by);
    panel?.reset();
    panel?.showBox(side('min', -AROUND_MM), side('max', AROUND_MM));
  }
  model.load();
  return {
    model,
    show,
    automatic: { drawn, lookAt },
    destroy: () => [...layers, ...drawnLayers].forEach((layer) => layer.destroy()),
  };
}
