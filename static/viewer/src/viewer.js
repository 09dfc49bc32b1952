/** All panels of one study, kept in step: crosshair, window, masks, linked cameras of the comparison. */
import { createCrosshair } from './crosshair.js';
import { PLANE_NAMES, centroidOf, clampIndex, indexToWorld, offsetOf, positionText } from './geometry.js';
import { imageOf } from './image.js';
import { loadMasks, loadSurfaces } from './masks.js';
import { createScene3d } from './scene-3d.js';
import { createSlicePanel } from './slice-panel.js';

const valuesOf = (image) => image.getPointData().getScalars().getData();

/**
 * @param {object} hosts elements: axial, coronal, sagittal, volume, originalSlice, originalVolume, probe
 * @param {object} grid display.json
 * @param {Int16Array} values HU, i fastest
 * @param {object} tell { windowed([level, width]), masksReady(), failed(error) }
 * @param {object} page { texts, slots: { volumeTools } }: words, and places outside the panels (elements or null)
 */
export function createViewer(hosts, grid, values, tell, page) {
  const image = imageOf(grid, values);
  const crosshair = createCrosshair(grid);
  let settings = {};
  let level = [0, 1];
  let current = grid;
  let compared = null; // panels of the original, while they are shown
  let wanted = 0;
  let untouched = true; // nobody has moved the crosshair yet

  const hu = (index) => values[offsetOf(grid, index)];

  function hover(index) {
    const inside = index && clampIndex(grid, index);
    const outside = inside && inside.some((n, axis) => Math.abs(n - index[axis]) > 0.5001);
    const shown = inside && !outside ? inside : crosshair.index;
    const label = inside && !outside ? '' : '+  ';
    const [i, j, k] = shown;
    hosts.probe.textContent = `${label}${hu(shown)} HU   ${positionText(indexToWorld(grid, shown))} mm   (${i}, ${j}, ${k})`;
  }

  const allSlices = () => [...PLANE_NAMES.map((name) => panels[name]), ...(compared ? [compared.slice] : [])];

  function setWindow(next) {
    level = next;
    allSlices().forEach((panel) => panel.setWindow(level));
  }

  function scene(linked) {
    return {
      grid,
      image,
      crosshair,
      hover,
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
  const volume = createScene3d(
    hosts,
    { grid, values, image },
    { crosshair, texts: page.texts, slot: page.slots.volumeTools },
  );
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
      slice: createSlicePanel(hosts.originalSlice, plane, scene((view) => panels[plane].follow(view))),
    };
    compared.slice.setWindow(level);
    volume.compare(true);
    panels[plane].reset();
  }

  async function showMasks() {
    const mine = ++wanted;
    const { shown, colours, opacity } = settings;
    try {
      const masks = await loadMasks(current, shown, colours);
      if (mine !== wanted) return;
      PLANE_NAMES.forEach((name) => panels[name].setMasks(masks, opacity / 100));
      if (untouched && masks.length) showCentreOf(masks[0]);
      const surfaces = await loadSurfaces(current, shown, colours);
      if (mine !== wanted) return;
      const [first] = masks;
      volume.setMasks(surfaces, first ? { values: valuesOf(first.image), colours: first.colours } : null);
      tell.masksReady(shown.filter((id) => masks.some((mask) => mask.id === id)));
    } catch (error) {
      if (mine === wanted) tell.failed(error);
    }
  }

  /** The middle of a scan is seldom the middle of the spine: without this the first slices may show none of it. */
  function showCentreOf(mask) {
    const centroid = centroidOf(valuesOf(mask.image), grid.shape);
    if (centroid) crosshair.moveTo(centroid);
  }

  const maskKey = (s) => JSON.stringify([s.shown, s.colours]);
  const same = (before, now, name) => JSON.stringify(before[name]) === JSON.stringify(now[name]);

  return {
    /** Take over settings: { window, tool, volumePreset, layout, plane, shown, colours, opacity }. */
    update(next) {
      const before = settings;
      settings = next;
      if (!same(before, next, 'window')) setWindow([...next.window]);
      if (next.layout === 'compare') compare(next.plane);
      else closeComparison();
      if (!same(before, next, 'volumePreset')) volume.setPreset(next.volumePreset);
      if (maskKey(before) !== maskKey(next)) showMasks();
      else if (before.opacity !== next.opacity) PLANE_NAMES.forEach((name) => panels[name].setOpacity(next.opacity / 100));
    },
    /** The study's masks changed: `display` is display.json as it is now. */
    refresh(display) {
      current = { ...grid, masks: display.masks };
      showMasks();
    },
    reset() {
      PLANE_NAMES.forEach((name) => panels[name].reset());
      volume.reset();
    },
    crosshair,
    hu: () => hu(crosshair.index),
    window: () => [...level],
    destroy() {
      stopProbe();
      closeComparison();
      Object.values(panels).forEach((panel) => panel.destroy());
      volume.destroy();
    },
  };
}
