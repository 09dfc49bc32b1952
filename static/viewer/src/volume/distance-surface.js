/** One mask's surface, coloured by its distance to another mask, with a legend in mm. */
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js';
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import { make } from '../core/dom.js';
import { fetchFile, remember } from '../data/fetch.js';
import { parseIndexedMesh, polyDataOf } from './surfaces.js';
/**
 * @import { Rgb, Texts } from '../types.js'
 * @import { IndexedMesh } from './surfaces.js'
 */

// Inside of the reference, on it, outside of it; told apart by people who see red and green alike.
/** @type {Rgb} */
const INSIDE = [0.13, 0.4, 0.93];
/** @type {Rgb} */
const ON = [0.93, 0.93, 0.93];
/** @type {Rgb} */
const OUTSIDE = [0.93, 0.25, 0.1];
const LEAST_MM = 1;
const MOST_MM = 10;

/** Figures of signed distances in mm, all of their amounts. @param {Float32Array} distances */
export function figures(distances) {
  const amounts = Float32Array.from(distances, Math.abs).sort();
  const mean = amounts.reduce((sum, mm) => sum + mm, 0) / amounts.length;
  return { mean, p95: amounts[Math.floor(0.95 * (amounts.length - 1))], max: amounts[amounts.length - 1] };
}

/** The distance in mm at the legend's ends: a round one that nearly all points keep. @param {{p95: number}} figures */
export const legendEnd = ({ p95 }) => Math.min(MOST_MM, Math.max(LEAST_MM, Math.ceil(p95)));

/** @param {IndexedMesh} surface @param {number} end mm */
function actorOf(surface, end) {
  const colours = vtkColorTransferFunction.newInstance();
  colours.addRGBPoint(-end, ...INSIDE);
  colours.addRGBPoint(0, ...ON);
  colours.addRGBPoint(end, ...OUTSIDE);
  const mapper = vtkMapper.newInstance({ interpolateScalarsBeforeMapping: true, useLookupTableScalarRange: true });
  mapper.setLookupTable(colours);
  mapper.setInputData(polyDataOf(surface, 'distance_mm'));
  const actor = vtkActor.newInstance();
  actor.setMapper(mapper);
  actor.getProperty().setAmbient(0.3);
  actor.getProperty().setDiffuse(0.7);
  actor.getProperty().setInterpolationToPhong();
  return actor;
}

/** @param {Rgb} rgb */
const css = (rgb) => `rgb(${rgb.map((x) => Math.round(x * 255)).join(' ')})`;

/** The legend above a 3D view. @param {HTMLElement} element @param {Texts} texts */
export function createLegend(element, texts) {
  const bar = make('div', { class: 'sv-legend-bar', 'aria-hidden': 'true' });
  bar.style.background = `linear-gradient(to right, ${css(INSIDE)}, ${css(ON)}, ${css(OUTSIDE)})`;
  const ends = [0, 1, 2].map(() => make('span'));
  const line = make('p');
  const words = [texts.distance_inside, texts.distance_outside];
  const scale = [
    bar,
    make('div', { class: 'sv-row' }, ...ends),
    make('div', { class: 'sv-row sv-faint' }, ...words.map((text) => make('span', {}, text))),
  ];
  const box = make(
    'div',
    { class: 'sv-legend', 'data-testid': 'distance-legend', role: 'note', hidden: true },
    make('strong', {}, texts.distance),
    ...scale,
    line,
  );
  element.append(box);
  return {
    /** There are no distances. @param {string} why */
    refuse(why) {
      scale.forEach((node) => (node.hidden = true));
      line.textContent = why;
      box.hidden = false;
    },
    /** @param {ReturnType<typeof figures>} figures @param {number} end mm */
    show({ mean, p95, max }, end) {
      scale.forEach((node) => (node.hidden = false));
      [`−${end} mm`, '0', `+${end} mm`].forEach((text, n) => (ends[n].textContent = text));
      const [a, b, c] = [mean, p95, max].map((mm) => mm.toFixed(1));
      line.textContent = `${texts.distance_mean} ${a} mm · 95 % ${b} mm · ${texts.distance_max} ${c} mm`;
      box.hidden = false;
    },
    hide: () => (box.hidden = true),
    destroy: () => box.remove(),
  };
}

/** The coloured surface at an address (see webapp/api/files.py), and what its legend says. @param {string} url */
export async function loadDistances(url) {
  const surface = await remember(url, async () => parseIndexedMesh(await fetchFile(url)));
  if (!surface.values) throw new Error(`${url} has no distances`);
  const found = figures(surface.values);
  const end = legendEnd(found);
  return { actor: actorOf(surface, end), figures: found, end };
}
