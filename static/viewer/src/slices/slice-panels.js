/**
 * The slice panels of a study: one a plane, beside one of them the original while two are compared, and two of a
 * straightened spine.
 */
import { PLANE_NAMES } from '../core/geometry.js';
import { createReformation } from '../reformation/index.js';
import { createSlicePanel } from './slice-panel.js';
/**
 * @import { LabelStatistics, Numbers, Plane, Slab, Texts, View } from '../types.js'
 * @import { SlicePanel, SliceScene } from './slice-panel.js'
 */

const HU_PER_PX = [2, 4]; // of level and width, while a drag changes them

/**
 * @param {Record<string, HTMLElement>} hosts elements by name of the panel
 * @param {Omit<SliceScene, 'linked' | 'windowing' | 'windowed'>} shared
 * @param {(window: number[]) => void} onWindowed called with [level, width] after a drag
 * @param {Texts} texts
 */
export function createSlicePanels(hosts, shared, onWindowed, texts) {
  let level = [0, 1];
  /** @type {[number, Slab['mode']]} */
  let slab = [0, 'max'];
  /** @type {?{plane: Plane, panel: SlicePanel}} */
  let original = null;

  /** @param {(view: View) => void} linked @returns {SliceScene} */
  const scene = (linked) => ({
    ...shared,
    linked,
    windowing: (dx, dy) => setWindow([level[0] + dy * HU_PER_PX[0], Math.max(1, level[1] + dx * HU_PER_PX[1])]),
    windowed: () => onWindowed(level.map(Math.round)),
  });
  /** @param {Plane} plane */
  const create = (plane) =>
    createSlicePanel(hosts[plane], plane, scene((view) => original?.plane === plane && original.panel.follow(view)));
  const panels = { axial: create('axial'), coronal: create('coronal'), sagittal: create('sagittal') };
  const planes = PLANE_NAMES.map((plane) => panels[plane]);
  const reformation = createReformation(hosts, scene(() => {}), texts);
  const all = () => [...planes, ...(original ? [original.panel] : []), ...reformation.all()];

  /** @param {Numbers} next [level, width] in HU */
  function setWindow(next) {
    level = [...next];
    all().forEach((panel) => panel.setWindow(level));
  }

  return {
    panels,
    planes,
    reformation,
    /** The panels that there are now, by name. @returns {Record<string, SlicePanel>} */
    named: () => ({
      ...panels,
      ...(original ? { originalSlice: original.panel } : {}),
      ...reformation.named(),
    }),
    /** [level, width] in HU. */
    window: () => [...level],
    setWindow,
    /** See SlicePanel.setSlab. @param {[number, Slab['mode']]} next */
    setSlab(next) {
      slab = next;
      all().forEach((panel) => panel.setSlab(...slab));
    },
    /** The scan's values changed. */
    refresh: () => all().forEach((panel) => panel.refresh()),
    /** Show the original beside a plane, or no longer. @param {?Plane} plane */
    compare(plane) {
      if (original?.plane === plane) return;
      original?.panel.destroy();
      original = null;
      if (!plane) return;
      const linked = scene((view) => panels[plane].follow(view));
      original = { plane, panel: createSlicePanel(hosts.originalSlice, plane, { ...linked, follower: true }) };
      original.panel.setWindow(level);
      original.panel.setSlab(...slab);
      panels[plane].reset();
    },
    /** Show the spine of a mask straightened, or no longer. @param {?Record<string, LabelStatistics>} statistics */
    straighten(statistics) {
      if (!reformation.show(statistics)) return;
      reformation.all().forEach((panel) => {
        panel.setWindow(level);
        panel.setSlab(...slab);
      });
    },
    destroy() {
      [...planes, original?.panel, reformation].forEach((part) => part?.destroy());
    },
  };
}
