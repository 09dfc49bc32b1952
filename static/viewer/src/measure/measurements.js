/** The measurements of a study: what there is, what is being drawn, and their copy on the server. */
import { askJson } from '../data/fetch.js';
import { statisticsIn } from './math.js';
/** @import { Measurement, MeasurementKind, Measurements, Vec3 } from '../types.js' */

/** @typedef {Omit<Measurement, 'points'> & {points_mm: Vec3[]}} Stored a measurement as the server has it */

/** @param {Measurement} item */
const sent = ({ kind, plane, points, label, statistics }) => ({ kind, plane, points_mm: points, label, statistics });

/** @param {Stored} stored @returns {Measurement} */
const received = ({ url, kind, plane, points_mm: points, label, statistics }) => ({
  url,
  kind,
  plane,
  points,
  label,
  statistics,
});

/**
 * The copy on the server.
 *
 * @param {string} address of the study's list
 * @param {(error: Error) => void} failed called with why something could not be stored
 */
function createServerCopy(address, failed) {
  /** @param {Promise<unknown>} promise */
  const reported = (promise) => promise.catch(failed);
  return {
    /** @returns {Promise<Measurement[]>} */
    list: async () => (await askJson(address)).measurements.map(received),
    /** @param {Measurement} item @param {() => void} stored */
    add: (item, stored) =>
      reported(
        askJson(address, 'POST', sent(item)).then(({ url }) => {
          item.url = url;
          stored();
        }),
      ),
    /** @param {Measurement} item */
    change: (item) => (item.url ? reported(askJson(item.url, 'PUT', sent(item))) : Promise.resolve()),
    /** @param {Measurement} item */
    remove: (item) => (item.url ? reported(askJson(item.url, 'DELETE')) : Promise.resolve()),
  };
}

/**
 * `item` with the figures of what it encloses.
 *
 * @param {Measurement} item
 * @param {{step: number, huAt: (world: Vec3) => ?number}} scan
 */
function withStatistics(item, scan) {
  if (item.kind === 'ellipse') item.statistics = statisticsIn(item.points, scan.step, scan.huAt) ?? {};
  return item;
}

/**
 * @param {string} address of the study's list on the server
 * @param {{step: number, huAt: (world: Vec3) => ?number}} scan mm between HU read in an ellipse; HU, null outside
 * @param {(error: any) => void} failed called with why something could not be stored
 * @returns {Measurements}
 */
export function createMeasurements(address, scan, failed) {
  const server = createServerCopy(address, failed);
  /** @type {{items: Measurement[], tool: MeasurementKind | '', selected: ?Measurement, removed: ?Measurement}} */
  const state = { items: [], tool: '', selected: null, removed: null };
  /** @type {Set<() => void>} */
  const listeners = new Set();
  function change(/** @type {Partial<typeof state>} */ next = {}) {
    Object.assign(state, next);
    listeners.forEach((listener) => listener());
  }
  const measure = (/** @type {Measurement} */ item) => withStatistics(item, scan);

  return {
    get items() {
      return state.items;
    },
    get tool() {
      return state.tool;
    },
    get selected() {
      return state.selected;
    },
    get removed() {
      return state.removed;
    },
    csvUrl: `${address}.csv`,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    load: () => server.list().then((items) => change({ items }), failed),
    /** A key of CLICKS, or '' for none; the one chosen already is put away. */
    setTool: (next) => change({ tool: next === state.tool ? '' : next }),
    select: (item) => change({ selected: item }),
    /** A new measurement was drawn; it is stored, and the tool put away. */
    add(kind, plane, points) {
      const item = measure({ url: '', kind, plane, points, label: '', statistics: {} });
      change({ items: [...state.items, item], selected: item, tool: '', removed: null });
      return server.add(item, change);
    },
    /** Points moved while a handle is dragged: shown, not yet stored. */
    shape(item, points) {
      measure(Object.assign(item, { points }));
      change();
    },
    /** Store what changed of an item. */
    keep(item) {
      change();
      return server.change(item);
    },
    remove(item) {
      const items = state.items.filter((other) => other !== item);
      change({ items, selected: state.selected === item ? null : state.selected, removed: item });
      return server.remove(item);
    },
    /** Bring back the measurement that was removed last. */
    undo() {
      const item = state.removed;
      if (!item) return Promise.resolve();
      change({ items: [...state.items, item], selected: item, removed: null });
      return server.add(item, change);
    },
  };
}
