/** The masks of a study in all panels: on the slices, in 3D, and as distances while two of them are compared. */
import { centroidOf } from './core/geometry.js';
import { AXES, midpoint } from './core/vectors.js';
import { loadMasks } from './data/masks.js';
import { EditedDisplay } from './edit/edited-display.js';
import { MASKS_LAYOUT } from './page/layouts.js';
import { loadDistances } from './volume/distance-surface.js';
/**
 * @import { Crosshair, Display, Look, Mask, Settings } from './types.js'
 * @import { Drawn, EditedMask } from './edit/edited-display.js'
 * @import { Change } from './edit/label-volume.js'
 * @import { SlicePanel } from './slices/slice-panel.js'
 * @import { createLegend } from './volume/distance-surface.js'
 * @import { Named } from './volume/above/names-3d.js'
 * @import { Scene3d } from './volume/scene-3d.js'
 */

/** What draws masks on slices. @typedef {Pick<SlicePanel, 'setMasks' | 'setLook' | 'edited'>} MaskPanel */

const LOOKS = /** @type {const} */ (['opacity', 'maskStyle', 'namesShown']);

/** @param {Settings} settings */
const maskKey = ({ shown, colours, surfaceColours, hidden, labelOpacity, names, layout }) =>
  JSON.stringify([shown, colours, surfaceColours, hidden, labelOpacity, names, layout === MASKS_LAYOUT]);

/** @param {Settings} chosen @param {string} style @returns {Look} */
const lookOf = ({ opacity, namesShown }, style) => ({ opacity: opacity / 100, style, names: namesShown });

/**
 * @param {Display} display
 * @param {MaskPanel[]} panels
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
  const edited = new EditedDisplay();
  /** What is drawn in 3D. @type {?{masks: Mask[], wish: Drawn}} */
  let in3d = null;

  const nameIn3d = () => volume.setNames(in3d && settings?.namesShown ? namedIn(in3d.masks, current) : []);
  /** @param {Settings} chosen @returns {Drawn} */
  const drawn = (chosen) => (edited.mask ? edited.wish(current, chosen) : compared(current, chosen));
  /** @param {Settings} chosen @returns {Look} */
  const look = (chosen) => lookOf(chosen, drawn(chosen).maskStyle);

  async function show() {
    if (!settings) return;
    const mine = (latest += 1);
    const [isLatest, wish] = [() => mine === latest, drawn(settings)];
    try {
      const loaded = await loadMasks(edited.withAllLabels(current), wish);
      if (!isLatest()) return;
      const masks = edited.drawn(loaded);
      const now = look(settings);
      panels.forEach((panel) => panel.setMasks(masks, now));
      if (!userMoved && masks.length) showCentreOf(masks[0], crosshair);
      if (!volume.remote) await showIn3d(masks, wish, isLatest);
      if (isLatest()) on.masksReady(masks.map((mask) => mask.id));
    } catch (error) {
      if (isLatest()) on.failed(error);
    }
  }

  /** @param {Mask[]} masks @param {Drawn} drawnNow @param {() => boolean} isLatest */
  async function showIn3d(masks, drawnNow, isLatest) {
    const { pair, ...wish } = drawnNow;
    const measured = pair && (await loadDistances(pair.url).catch((error) => legend.refuse(error.message)));
    const surfaces = measured ? [measured.actor] : await edited.surfaces(current, wish);
    if (!isLatest()) return;
    in3d = { masks, wish };
    volume.setMasks(surfaces, measured ? [] : masks);
    nameIn3d();
    if (measured) legend.show(measured.figures, measured.end);
    else if (!pair) legend.hide();
  }

  return {
    ...editing(edited, panels, show, async () => {
      if (!in3d || volume.remote) return;
      const { masks, wish } = in3d;
      volume.setSurfaces(await edited.surfaces(current, wish), masks.map((mask) => edited.asEdited(mask)));
    }),
    ...recordsOf(() => current),
    /** @param {Settings} next */
    update(next) {
      const before = settings;
      settings = next;
      if (!before || maskKey(before) !== maskKey(next)) show();
      else if (LOOKS.some((name) => before[name] !== next[name]))
        [...panels, { setLook: nameIn3d }].forEach((each) => each.setLook(look(next)));
    },
    /** The study's masks changed. @param {Display} next */
    refresh(next) {
      current = { ...display, masks: next.masks, distances: next.distances };
      show();
    },
    destroy: stopFollowing,
  };
}

/** What is known of the masks that there are now. @param {() => Display} now */
const recordsOf = (now) => ({
  recordOf: (/** @type {string} */ id) => now().masks.find((mask) => mask.id === id) ?? null,
  statisticsOf: (/** @type {string} */ id) => now().masks.find((mask) => mask.id === id)?.statistics ?? {},
  /** Id of the newest segmentation, or null. */
  resultId: () => now().masks.find(({ kind }) => kind === 'model')?.id ?? null,
});

/**
 * What editing needs of the masks that are drawn.
 *
 * @param {EditedDisplay} edited
 * @param {MaskPanel[]} panels
 * @param {() => void} show all of them anew
 * @param {() => Promise<void>} show3d
 */
const editing = (edited, panels, show, show3d) => ({
  /** Draw a mask as it is edited, or all of them as the server has them again. @param {?EditedMask} mask */
  edit(mask) {
    edited.mask = mask;
    show();
  },
  /** Voxels of the edited mask changed. @param {Change} change */
  edited(change) {
    if (edited.isInPlace()) panels.forEach((panel) => panel.edited(edited.mask?.id ?? '', change));
    else show();
  },
  /** The edited mask's surfaces follow its voxels. */
  async surfacesChanged() {
    if (edited.mask) await show3d();
  },
});

/**
 * What is named in 3D: the labels that are seen and have a name, where the server found them.
 *
 * @param {Mask[]} masks
 * @param {Display} display
 * @returns {Named[]}
 */
const namedIn = (masks, display) =>
  masks.flatMap(({ id, names, colours }) => {
    const statistics = display.masks.find((mask) => mask.id === id)?.statistics ?? {};
    return Object.entries(colours).flatMap(([label, colour]) => {
      const [name, found] = [names[label], statistics[label]];
      if (!name || !found) return [];
      const [low, high] = [found.low_mm, found.high_mm];
      return [{ name, colour, middle: midpoint(low, high), half: AXES.map((axis) => (high[axis] - low[axis]) / 2) }];
    });
  });

/**
 * While two masks are compared both are drawn, as outlines, whatever else was chosen.
 *
 * @param {Display} display
 * @param {Settings} chosen
 * @returns {Drawn}
 */
function compared({ distances }, chosen) {
  const pair = chosen.layout === MASKS_LAYOUT ? distances[0] : undefined;
  const both = pair && { shown: [pair.mask, pair.reference], maskStyle: 'outline' };
  return { ...chosen, ...both, pair };
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
