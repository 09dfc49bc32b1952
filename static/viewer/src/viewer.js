/** All panels of one study, kept in step: crosshair, window, masks, linked cameras of the comparison. */
import { cameraBefore, cameraNumbers, cameraOf } from './vtk/camera.js';
import { createCine } from './slices/cine.js';
import { createCrosshair } from './core/crosshair.js';
import { createLegend, loadDistances } from './volume/distance-surface.js';
import { frameOf, isInside, worldToIndex } from './core/patient-frame.js';
import { PLANE_NAMES, centroidOf, clampIndex, offsetOf, positionText } from './core/geometry.js';
import { loadMasks, loadSurfaces } from './data/masks.js';
import { createMeasuring } from './measure/index.js';
import { createHeadset } from './vr/headset.js';
import { LAYOUTS_WITH_ORIGINAL } from './page/layouts.js';
import { createScene3d } from './volume/scene-3d.js';
import { createRemote3d } from './volume/remote-3d.js';
import { createSlicePanel } from './slices/slice-panel.js';

/**
 * @param {object} hosts elements: axial, coronal, sagittal, volume, originalSlice, originalVolume, probe
 * @param {object} grid display.json
 * @param {object} scan see scan.js: { values, preview }
 * @param {object} tell { windowed([level, width]), masksReady(ids), playing(axis), failed(error) }
 * @param {object} page { texts, served: address of the 3D view that the server draws where there is no WebGL2, else '' }
 */
export function createViewer(hosts, grid, { values, preview }, tell, page) {
  let whole = preview === null; // until then some of `values` are those of the preview
  const crosshair = createCrosshair(grid);
  let settings = {};
  let level = [0, 1];
  let current = grid;
  let compared = null; // panels of the original, while they are shown
  let wanted = 0;
  let untouched = true; // nobody has moved the crosshair yet

  const frame = frameOf(grid);
  const hu = (voxel) => values[offsetOf(grid, voxel)];

  /** The HU of the voxel at a place, "–" outside of the scan. */
  const reading = (world) => (isInside(grid, worldToIndex(grid, world)) ? `${whole ? '' : '≈ '}${hu(clampIndex(grid, worldToIndex(grid, world)))} HU` : '–');

  function hover(world) {
    const inside = world && isInside(grid, worldToIndex(grid, world));
    const at = inside ? world : crosshair.world;
    const voxel = clampIndex(grid, worldToIndex(grid, at));
    hosts.probe.textContent = `${inside ? '' : '+  '}${reading(at)}   ${positionText(at)} mm   (${voxel.join(', ')})`;
  }

  const allSlices = () => [...PLANE_NAMES.map((name) => panels[name]), ...(compared ? [compared.slice] : [])];

  function setWindow(next) {
    level = next;
    allSlices().forEach((panel) => panel.setWindow(level));
  }

  function scene(linked) {
    return {
      grid,
      frame,
      values,
      air: Math.max(grid.hu_range[0], -32768),
      crosshair,
      flat: Boolean(page.served),
      hover,
      reading,
      play: (plane) => cine.toggle(panels[plane].axis),
      linked,
      tool: () => settings.tool ?? 'crosshair',
      windowing: (dx, dy) => setWindow([level[0] + dy * 2, Math.max(1, level[1] + dx * 4)]),
      windowed: () => tell.windowed(level.map(Math.round)),
    };
  }

  const panels = Object.fromEntries(
    PLANE_NAMES.map((name) => [
      name,
      createSlicePanel(hosts[name], name, scene((view) => compared?.plane === name && compared.slice.follow(view))),
    ]),
  );
  const volume = page.served
    ? createRemote3d(hosts.volume, page.served, page.texts)
    : createScene3d(hosts, { grid, values, preview }, { crosshair, texts: page.texts });
  const measuring = createMeasuring(hosts, panels, { grid, frame, crosshair, hu }, tell.failed);
  const legend = createLegend(hosts.volume.parentElement, page.texts);
  const cine = createCine(crosshair, frame, tell.playing);
  const headset = createHeadset(grid, volume.main.surfaces);

  const picturePart = ([name, panel]) => ({ name, panel: hosts[name].parentElement, render: panel.render });
  /** What pictures are made of: panels as { name, panel: their section, render(): draw at once }. */
  const pictures = {
    root: hosts.volume.closest('.sv-grid'),
    volume: { ...picturePart(['volume', volume.main]), draw: volume.main.draw, turn: volume.main.turn },
    /** The panels seen now. */
    seen() {
      const slices = Object.entries({ ...panels, ...(compared ? { originalSlice: compared.slice } : {}) });
      const all = [...slices, ['volume', volume.main], ...volume.others()].map(picturePart);
      return all.filter(({ panel }) => panel.offsetWidth > 0);
    },
  };
  const stopProbe = crosshair.onMove(() => {
    untouched = false;
    hover(null);
  });
  hover(null);

  function closeComparison() {
    compared?.slice.destroy();
    volume.compare(false);
    compared = null;
  }

  function compare(plane) {
    if (compared?.plane === plane) return;
    closeComparison();
    compared = {
      plane,
      slice: createSlicePanel(hosts.originalSlice, plane, { ...scene((view) => panels[plane].follow(view)), follower: true }),
    };
    compared.slice.setWindow(level);
    volume.compare(true);
    compared.slice.setSlab(...settings.slab);
    panels[plane].reset();
  }

  /** What of the masks is drawn: while two are compared both, as outlines, whatever else was chosen. */
  function drawn() {
    const [pair] = settings.layout === 'masks' ? current.distances : [];
    return pair ? { ...settings, pair, shown: [pair.mask, pair.reference], maskStyle: 'outline' } : settings;
  }

  async function showIn3d(masks, { pair, ...wish }, isWanted) {
    if (volume.remote) return;
    const measured = pair && (await loadDistances(pair.url).catch((error) => legend.refuse(error.message)));
    const surfaces = measured ? [measured.actor] : await loadSurfaces(current, wish);
    if (!isWanted()) return;
    volume.setMasks(surfaces, measured ? [] : masks);
    if (measured) legend.show(measured.figures, measured.end);
    else if (!pair) legend.hide();
  }

  async function showMasks() {
    const mine = ++wanted;
    const isWanted = () => mine === wanted;
    const wish = drawn();
    try {
      const masks = await loadMasks(current, wish);
      if (!isWanted()) return;
      PLANE_NAMES.forEach((name) => panels[name].setMasks(masks, look()));
      if (untouched && masks.length) showCentreOf(masks[0]);
      await showIn3d(masks, wish, isWanted);
      if (isWanted()) tell.masksReady(masks.map((mask) => mask.id));
    } catch (error) {
      if (isWanted()) tell.failed(error);
    }
  }

  /** The middle of a scan is seldom the middle of the spine: without this the first slices may show none of it. */
  function showCentreOf(mask) {
    const { first, shape, values: labels } = mask.box;
    const centroid = centroidOf(labels, shape);
    if (centroid) crosshair.moveTo(centroid.map((place, axis) => first[axis] + place));
  }

  const maskKey = (s) => JSON.stringify([s.shown, s.colours, s.hidden, s.labelOpacity, s.layout === 'masks']);
  const look = () => ({ opacity: settings.opacity / 100, outline: drawn().maskStyle === 'outline' });
  const same = (before, now, name) => JSON.stringify(before[name]) === JSON.stringify(now[name]);

  return {
    /** Take over settings: { window, tool, volumePreset, layout, plane, shown, colours, opacity }. */
    update(next) {
      const before = settings;
      settings = next;
      if (!same(before, next, 'window')) setWindow([...next.window]);
      if (LAYOUTS_WITH_ORIGINAL.includes(next.layout)) compare(next.plane);
      else closeComparison();
      if (!same(before, next, 'volumePreset')) volume.setPreset(next.volumePreset);
      if (maskKey(before) !== maskKey(next)) showMasks();
      else if (before.opacity !== next.opacity || before.maskStyle !== next.maskStyle) PLANE_NAMES.forEach((name) => panels[name].setLook(look()));
      if (!same(before, next, 'slab')) allSlices().forEach((panel) => panel.setSlab(...next.slab));
    },
    /** More of the scan has come: draw the slices again. */
    arrived() {
      allSlices().forEach((panel) => panel.refresh());
    },
    /** All of the scan has come. */
    complete() {
      whole = true;
      allSlices().forEach((panel) => panel.refresh());
      volume.complete();
      hover(null);
    },
    /** The study's masks changed: `display` is display.json as it is now. */
    refresh(display) {
      current = { ...grid, masks: display.masks, distances: display.distances };
      showMasks();
    },
    reset() {
      PLANE_NAMES.forEach((name) => panels[name].reset());
      volume.reset();
    },
    /** Show one label of a mask as large as fits, in all panels; false if it is not known where it lies. */
    zoomTo(id, label) {
      const found = current.masks.find((mask) => mask.id === id)?.statistics?.[label];
      if (!found) return false;
      crosshair.moveToWorld(found.centre_mm);
      PLANE_NAMES.forEach((name) => panels[name].showBox(found.low_mm, found.high_mm));
      volume.main.follow(cameraBefore(volume.main.camera, found.low_mm, found.high_mm));
      return true;
    },
    /** What is seen, for view-state.js; layout, window and plane are the page's. */
    snapshot: () => ({
      at: crosshair.world,
      camera: cameraNumbers(volume.main.camera),
      ...Object.fromEntries(PLANE_NAMES.map((name) => [name, panels[name].userChoice()])),
    }),
    /** Show what `view` (see view-state.js) says. */
    restore(view) {
      if (view.at) crosshair.moveToWorld(view.at);
      if (view.camera) volume.main.follow(cameraOf(view.camera, volume.main.camera.getViewAngle()));
      PLANE_NAMES.filter((name) => view[name]).forEach((name) => {
        const [u, v, mmPerPx] = view[name];
        panels[name].follow({ centre: [u, v], mmPerPx });
      });
    },
    /** Id of the newest segmentation, or null. */
    resultId: () => current.masks.find((mask) => mask.kind === 'model')?.id ?? null,
    /** Show the slices along `plane` one after another, or end that. */
    play: (plane) => cine.toggle(panels[plane].axis),
    crosshair,
    hu: () => hu(crosshair.voxel),
    window: () => [...level],
    grid,
    /** Whether the server draws the 3D view. */
    served: Boolean(page.served),
    /** See scene-3d.js. */
    volume,
    /** See measurements.js. */
    measurements: measuring.model,
    showMeasurement: measuring.show,
    pictures,
    headset,
    vrBounds: headset.bounds,
    destroy() {
      stopProbe();
      cine.destroy();
      legend.destroy();
      closeComparison();
      measuring.destroy();
      headset.leave();
      Object.values(panels).forEach((panel) => panel.destroy());
      volume.destroy();
    },
  };
}
