/** All panels of one study, kept in step: crosshair, window, masks, linked cameras of the comparison. */
import { createClipping } from './clip/index.js';
import { createCine } from './slices/cine.js';
import { createCrosshair } from './core/crosshair.js';
import { frameOf } from './core/patient-frame.js';
import { Editing } from './edit/index.js';
import { createMaskDisplay } from './mask-display.js';
import { createMeasuring } from './measure/index.js';
import { LAYOUTS_WITH_ORIGINAL, STRAIGHT_LAYOUT } from './page/layouts.js';
import { spineOf } from './reformation/vertebrae.js';
import { createHuProbe } from './slices/hu-probe.js';
import { createSlicePanels } from './slices/slice-panels.js';
import { createNavigation } from './view-navigation.js';
import { createLegend } from './volume/distance-surface.js';
import { createRemote3d } from './volume/remote-3d.js';
import { createScene3d } from './volume/scene-3d.js';
import { createHeadset } from './vr/headset.js';
/**
 * @import { Display, Plane, Scan, Settings, Texts } from './types.js'
 * @import { Scene3d } from './volume/scene-3d.js'
 */

/**
 * Elements: axial, coronal, sagittal, volume, originalSlice, originalVolume, probe.
 *
 * @typedef {Record<string, HTMLElement>} Hosts
 */

/**
 * @typedef {object} ViewerEvents
 * @property {(window: number[]) => void} windowed [level, width] was changed in a panel
 * @property {(ids: string[]) => void} masksReady these masks are drawn
 * @property {(box: number[][]) => void} clipped a handle of the clipping box was moved, see clip-box.js
 * @property {(axis: number) => void} playing slices along this axis are played; -1: no longer
 * @property {(error: any) => void} failed
 */

/** @typedef {ReturnType<typeof createViewer>} Viewer */

const LOWEST_AIR = -32768;

/**
 * @param {Partial<Settings>} before
 * @param {Settings} now
 * @param {keyof Settings} name
 */
const equal = (before, now, name) => JSON.stringify(before[name]) === JSON.stringify(now[name]);

/**
 * Bring 3D in line with what was chosen.
 *
 * @param {Scene3d} volume
 * @param {Partial<Settings>} before
 * @param {Settings} next
 */
function update3d(volume, before, next) {
  if (!equal(before, next, 'volumePreset')) volume.setPreset(next.volumePreset);
  if (!equal(before, next, 'crosshairShown')) volume.setCrosshair(next.crosshairShown);
  if (!equal(before, next, 'clip')) volume.setClip(next.clip);
  if (!equal(before, next, 'maskStyle3d')) volume.setMaskStyle(next.maskStyle3d);
}

/**
 * @param {Hosts} hosts
 * @param {Display} grid
 * @param {Scan} scan
 * @param {ViewerEvents} on
 * @param {{texts: Texts, served: string}} page words, and the address of the 3D view that the server draws where there
 *   is no WebGL2, else ''
 */
export function createViewer(hosts, grid, scan, on, page) {
  /** @type {Partial<Settings>} */
  let settings = {};
  let editing = /** @type {?Editing} */ (null);
  const { values, preview } = scan;
  const [crosshair, frame] = [createCrosshair(grid), frameOf(grid)];
  const probe = createHuProbe(hosts.probe, grid, values, crosshair, preview !== null);
  const cine = createCine(crosshair, frame, on.playing);
  const scene = { grid, frame, values, crosshair, air: Math.max(grid.hu_range[0], LOWEST_AIR) };
  const edit = (/** @type {Plane} */ plane) => editing?.strokeIn(plane) ?? null;
  const tool = () => (edit('axial') ? 'edit' : (settings.tool ?? 'crosshair'));
  const input = { tool, hover: probe.show, reading: probe.reading, play: cine.play, edit };
  const slices = createSlicePanels(hosts, { ...scene, ...input }, on.windowed, page.texts);
  const { panels } = slices;
  const volume = createVolume(hosts, grid, scan, crosshair, page);
  const measuring = createMeasuring(hosts, panels, { grid, frame, crosshair, huAt: probe.huAt }, on.failed);
  const legend = createLegend(/** @type {HTMLElement} */ (hosts.volume.parentElement), page.texts);
  const masks = createMasks(grid, slices, volume, legend, crosshair, on);
  const clipping = createClipping(hosts, panels, volume, scene, on.clipped);
  editing = new Editing({ hosts, panels, grid, frame, values, crosshair, masks });
  const headset = createHeadset(grid, volume.main.surfaces, page.texts);
  const stopProbe = crosshair.onMove(() => probe.show(null));
  probe.show(null);

  return {
    ...createNavigation(crosshair, slices, volume, masks.statisticsOf),
    /** @param {Settings} next */
    update(next) {
      const before = settings;
      settings = next;
      if (!equal(before, next, 'window')) slices.setWindow(next.window);
      const compared = LAYOUTS_WITH_ORIGINAL.includes(next.layout) ? next.plane : null;
      slices.compare(compared);
      volume.compare(compared !== null);
      update3d(volume, before, next);
      if (!equal(before, next, 'clip') || !equal(before, next, 'clipShown')) clipping.set(next.clip, next.clipShown);
      masks.update(next);
      if (!equal(before, next, 'slab')) slices.setSlab(next.slab);
    },
    arrived: slices.refresh, // more of the scan has come
    /** All of the scan has come. */
    complete() {
      slices.refresh();
      volume.complete();
      probe.complete();
    },
    // `refresh`: the study's masks changed.
    ...{ refresh: masks.refresh, resultId: masks.resultId, recordOf: masks.recordOf, editing },
    play: cine.play,
    /** Where the crosshair is in a panel, as a part of its width. @param {Plane} plane */
    screenFraction: (plane) => panels[plane].toScreen(crosshair.world)[0] / hosts[plane].clientWidth,
    crosshair,
    ...{ hu: () => probe.hu(crosshair.voxel), window: slices.window, grid, headset },
    /** Whether the server draws the 3D view. */
    served: Boolean(page.served),
    volume,
    ...{ measurements: measuring.model, showMeasurement: measuring.show, automatic: measuring.automatic },
    pictures: createPictures(hosts, slices.named, volume, () => settings.crosshairShown !== false),
    /** What navigation draws on. */
    parts: { hosts, panels, crosshair, volume: page.served ? null : volume.main, scan: scene },
    ...{ vrBounds: headset.bounds, vrRoom: headset.room },
    destroy() {
      stopProbe();
      headset.leave();
      [cine, clipping, editing, legend, masks, measuring, slices, volume].forEach((part) => part.destroy());
    },
  };
}

/**
 * The masks in all panels; a spine that is shown straightened follows them.
 *
 * @param {Display} display
 * @param {ReturnType<typeof createSlicePanels>} slices
 * @param {Parameters<typeof createMaskDisplay>[2]} volume
 * @param {ReturnType<typeof createLegend>} legend
 * @param {ReturnType<typeof createCrosshair>} crosshair
 * @param {ViewerEvents} on
 */
function createMasks(display, slices, volume, legend, crosshair, on) {
  const masks = createMaskDisplay(display, [...slices.planes, slices.reformation], volume, legend, crosshair, on);
  let chosen = /** @type {?Settings} */ (null);
  function straighten() {
    const id = chosen?.layout === STRAIGHT_LAYOUT ? spineOf(chosen) : undefined;
    slices.straighten(id === undefined ? null : masks.statisticsOf(id));
  }
  return {
    ...masks,
    /** @param {Settings} next */
    update(next) {
      chosen = next;
      masks.update(next);
      straighten();
    },
    /** The study's masks changed. @param {Display} next */
    refresh(next) {
      masks.refresh(next);
      straighten();
    },
  };
}

/**
 * The 3D view: drawn by this browser, or by the server.
 *
 * @param {Hosts} hosts
 * @param {Display} grid
 * @param {Scan} scan
 * @param {ReturnType<typeof createCrosshair>} crosshair
 * @param {{texts: Texts, served: string}} page
 * @returns {Scene3d}
 */
function createVolume(hosts, grid, { values, preview }, crosshair, { texts, served }) {
  if (served) return createRemote3d(hosts.volume, served, texts);
  return createScene3d(hosts, { grid, values, preview }, { crosshair, texts });
}

/**
 * What pictures are made of: panels as { name, panel: their section, render(): draw at once }.
 *
 * @param {Hosts} hosts
 * @param {() => Record<string, {render: () => void}>} slices the slice panels that there are now
 * @param {Scene3d} volume
 * @param {() => boolean} hasCrosshair whether the page shows the crosshair
 */
function createPictures(hosts, slices, volume, hasCrosshair) {
  /** @param {[name: string, panel: {render: () => void}]} named */
  const part = ([name, { render }]) => ({
    name,
    panel: /** @type {HTMLElement} */ (hosts[name].parentElement),
    render,
  });
  return {
    root: /** @type {HTMLElement} */ (hosts.volume.closest('.sv-grid')),
    volume: { ...part(['volume', volume.main]), draw: volume.main.draw, turn: volume.main.turn },
    /** Leave the crosshair out of 3D for a while. @param {boolean} isHidden */
    hideCrosshair: (isHidden) => volume.setCrosshair(!isHidden && hasCrosshair()),
    /** The panels seen now. */
    seen() {
      /** @type {[string, {render: () => void}][]} */
      const all = [...Object.entries(slices()), ['volume', volume.main], ...volume.others()];
      return all.map(part).filter(({ panel }) => panel.offsetWidth > 0);
    },
  };
}
