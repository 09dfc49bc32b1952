/** The masks of a study in all panels: on the slices, in 3D, and as distances while two of them are compared. */
import { centroidOf } from './core/geometry.js';
import { loadMasks, loadSurfaces } from './data/masks.js';
import { MASKS_LAYOUT } from './page/layouts.js';
import { loadDistances } from './volume/distance-surface.js';
/**
 * @import { Crosshair, Display, DistancePair, Look, Mask, Settings } from './types.js'
 * @import { SlicePanel } from './slices/slice-panel.js'
 * @import { createLegend } from './volume/distance-surface.js'
 * @import { Scene3d } from './volume/scene-3d.js'
 */

const LOOKS = /** @type {const} */ (['opacity', 'maskStyle', 'namesShown']);

/** @param {Settings} settings */
const maskKey = ({ shown, colours, hidden, labelOpacity, names, layout }) =>
  JSON.stringify([shown, colours, hidden, labelOpacity, names, layout === MASKS_LAYOUT]);

/**
 * @param {Display} display
 * @param {SlicePanel[]} panels
 * @param {Scene3d} volume
 * @param {ReturnType<typeof createLegend>} legend
 * @param {Crosshair} crosshair
 * @param {{masksReady: (ids: string[]) => void, failed: (error: unknown) => void}} on
 */
export function createMaskDisplay(display, panels, volume, legend, crosshair, on) {
  let current = display;
  /** @type {?Settings} */
  let settings = null;
  let latest = 0; // what is loaded for an older wish is not shown
  let userMoved = false;
  const stopFollowing = crosshair.onMove(() => (userMoved = true));

  /** While two masks are compared both are drawn, as outlines, whatever else was chosen. @param {Settings} chosen */
  function drawn(chosen) {
    const pair = chosen.layout === MASKS_LAYOUT ? current.distances[0] : undefined;
    const compared = pair && { shown: [pair.mask, pair.reference], maskStyle: 'outline' };
    return { ...chosen, ...compared, pair };
  }
  /** @param {Settings} chosen @returns {Look} */
  const look = (chosen) => ({
    opacity: chosen.opacity / 100,
    style: drawn(chosen).maskStyle,
    names: chosen.namesShown,
  });

  async function show() {
    if (!settings) return;
    latest += 1;
    const mine = latest;
    const isLatest = () => mine === latest;
    const wish = drawn(settings);
    try {
      const masks = await loadMasks(current, wish);
      if (!isLatest()) return;
      const now = look(settings);
      panels.forEach((panel) => panel.setMasks(masks, now));
      if (!userMoved && masks.length) showCentreOf(masks[0], crosshair);
      if (!volume.remote) await showIn3d(masks, wish, isLatest);
      if (isLatest()) on.masksReady(masks.map((mask) => mask.id));
    } catch (error) {
      if (isLatest()) on.failed(error);
    }
  }

  /** @param {Mask[]} masks @param {Settings & {pair?: DistancePair}} wish @param {() => boolean} isLatest */
  async function showIn3d(masks, { pair, ...wish }, isLatest) {
    const measured = pair && (await loadDistances(pair.url).catch((error) => legend.refuse(error.message)));
    const surfaces = measured ? [measured.actor] : await loadSurfaces(current, wish);
    if (!isLatest()) return;
    volume.setMasks(surfaces, measured ? [] : masks);
    if (measured) legend.show(measured.figures, measured.end);
    else if (!pair) legend.hide();
  }

  return {
    /** @param {Settings} next */
    update(next) {
      const before = settings;
      settings = next;
      if (!before || maskKey(before) !== maskKey(next)) show();
      else if (LOOKS.some((name) => before[name] !== next[name]))
        panels.forEach((panel) => panel.setLook(look(next)));
    },
    /** The study's masks changed. @param {Display} next */
    refresh(next) {
      current = { ...display, masks: next.masks, distances: next.distances };
      show();
    },
    /** @param {string} id */
    statisticsOf: (id) => current.masks.find((mask) => mask.id === id)?.statistics ?? {},
    /** Id of the newest segmentation, or null. */
    resultId: () => current.masks.find((mask) => mask.kind === 'model')?.id ?? null,
    destroy: stopFollowing,
  };
}

/**
 * The middle of a scan is seldom the middle of the spine: without this the first slices may show none of it.
 *
 * @param {Mask} mask
 * @param {Crosshair} crosshair
 */
function showCentreOf({ box: { first, shape, values } }, crosshair) {
  const centroid = centroidOf(values, shape);
  if (centroid) crosshair.moveTo(centroid.map((place, axis) => first[axis] + place));
}
