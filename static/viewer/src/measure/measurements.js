/**
 * The measurements of a study: what there is, what is being drawn, and their copy on the server.
 *
 * A measurement is { url, kind, plane, points (RAS+ mm), label, statistics }; `url` is empty until the server gave one.
 */
import { askJson } from '../data/fetch.js';
import { statisticsIn } from './math.js';

const sent = ({ kind, plane, points, label, statistics }) => ({ kind, plane, points_mm: points, label, statistics });
const received = (m) => ({ url: m.url, kind: m.kind, plane: m.plane, points: m.points_mm, label: m.label, statistics: m.statistics });

/**
 * @param {string} address of the study's list on the server
 * @param {object} scan { step: mm between HU read in an ellipse, huAt(world) }
 * @param {(error: Error) => void} failed told of what could not be stored
 */
export function createMeasurements(address, scan, failed) {
  let items = [];
  let tool = '';
  let selected = null;
  const listeners = new Set();
  const changed = () => listeners.forEach((listener) => listener());
  const tracked = (promise) => promise.catch(failed);

  function measured(item) {
    if (item.kind === 'ellipse') item.statistics = statisticsIn(item.points, scan.step, scan.huAt) ?? {};
    return item;
  }

  return {
    get items() {
      return items;
    },
    get tool() {
      return tool;
    },
    get selected() {
      return selected;
    },
    csvUrl: `${address}.csv`,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async load() {
      try {
        items = (await askJson(address)).measurements.map(received);
        changed();
      } catch (error) {
        failed(error);
      }
    },
    /** A key of CLICKS, or '' for none; the one chosen already is put away. */
    setTool(next) {
      tool = next === tool ? '' : next;
      changed();
    },
    select(item) {
      selected = item;
      changed();
    },
    /** A new measurement was drawn; it is stored, and the tool put away. */
    add(kind, plane, points) {
      const item = measured({ url: '', kind, plane, points, label: '', statistics: {} });
      items = [...items, item];
      selected = item;
      tool = '';
      changed();
      return tracked(
        askJson(address, 'POST', sent(item)).then(({ url }) => {
          item.url = url;
          changed();
        }),
      );
    },
    /** Points moved while a handle is dragged: shown, not yet stored. */
    shape(item, points) {
      item.points = points;
      measured(item);
      changed();
    },
    /** Store what changed of an item. */
    keep(item) {
      changed();
      return item.url ? tracked(askJson(item.url, 'PUT', sent(item))) : Promise.resolve();
    },
    remove(item) {
      items = items.filter((other) => other !== item);
      if (selected === item) selected = null;
      changed();
      return item.url ? tracked(askJson(item.url, 'DELETE')) : Promise.resolve();
    },
  };
}
