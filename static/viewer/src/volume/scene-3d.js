/** All of 3D: the view, beside it the original while two are compared, and what lies above them. */
import { WHOLE } from './clip-box.js';
import { createNames3d } from './above/names-3d.js';
import { presetCopy } from './presets-3d.js';
import { createVolumeOverlay } from './volume-overlay.js';
import { createVolumePanel } from './volume-panel.js';
import { createVolumeSource } from './volume-source.js';
/**
 * @import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js'
 * @import { CameraPose, Crosshair, Display, Mask, Texts, Transfer, Volume } from '../types.js'
 * @import { Box } from './clip-box.js'
 * @import { Named } from './above/names-3d.js'
 * @import { VolumePanel } from './volume-panel.js'
 */

/**
 * What every kind of 3D view can do; without WebGL2 (remote-3d.js) most of it does nothing.
 *
 * @typedef {object} Scene3d
 * @property {boolean} [remote] whether the server draws it
 * @property {Pick<VolumePanel, 'camera' | 'follow' | 'render' | 'draw' | 'turn' | 'surfaces'>} main
 * @property {() => [string, VolumePanel][]} others panels beside it that there are now, by name of their host
 * @property {() => void} reset
 * @property {(name: string) => void} setPreset a key of VOLUME_PRESETS, or "off"
 * @property {(surfaces: vtkActor[], masks: Mask[]) => void} setMasks surfaces, and masks to colour the CT by
 * @property {(surfaces: vtkActor[], masks: Mask[]) => void} setSurfaces the same, of masks that were edited
 * @property {(names: Named[]) => void} setNames what is written beside the surfaces
 * @property {(box: Box) => void} setClip draw only what lies in a box
 * @property {(on: boolean) => void} setCrosshair whether the crosshair may be seen
 * @property {(style: string) => void} setMaskStyle "surface" or "colour"
 * @property {() => void} complete all of the scan has come
 * @property {(on: boolean) => void} compare show the original beside it, or no longer
 * @property {() => void} destroy
 */

/** What this browser draws. @typedef {ReturnType<typeof createScene3d>} DrawnScene */

/**
 * The CT alone, with letters at its edges.
 *
 * @param {HTMLElement} host
 * @param {Parameters<typeof createVolumePanel>[1]} scene
 * @param {Texts} texts
 * @returns {VolumePanel}
 */
function createOriginal(host, scene, texts) {
  const panel = createVolumePanel(host, scene);
  const overlay = createVolumeOverlay(host, panel, texts, false);
  // Not a spread: `transfer` is read anew each time.
  return Object.create(panel, {
    destroy: {
      value() {
        overlay.destroy();
        panel.destroy();
      },
    },
  });
}

/**
 * @param {Record<string, HTMLElement>} hosts elements: volume, originalVolume
 * @param {{grid: Display, values: Int16Array, preview: ?Volume}} study HU; a preview is drawn until `complete`
 * @param {{crosshair: Crosshair, texts: Texts}} page
 */
export function createScene3d(hosts, study, { crosshair, texts }) {
  const source = createVolumeSource(study);
  /** @param {(camera: CameraPose) => void} moved */
  const scene = (moved) => ({ grid: study.grid, image: source.image(), coarse: source.coarse, crosshair, moved });
  /** @type {Mask[]} */
  let masks = [];
  /** @type {?VolumePanel} */
  let original = null;
  let box = WHOLE;
  const main = createVolumePanel(hosts.volume, scene((camera) => original?.follow(camera)));
  const overlay = createVolumeOverlay(hosts.volume, main, texts);
  const names = createNames3d(hosts.volume, main.camera);
  /** @param {(panel: VolumePanel) => void} act */
  const both = (act) => [main, ...(original ? [original] : [])].forEach(act);
  /** @type {Set<(transfer: ?Transfer) => void>} */
  const presetListeners = new Set();

  return {
    main,
    others: () => (original ? [/** @type {[string, VolumePanel]} */ (['originalVolume', original])] : []),
    ...{ reset: main.reset, setNames: names.set },
    /** Show the CT by another transfer function. @param {?Transfer} transfer */
    setTransfer: (transfer) => both((panel) => panel.setTransfer(transfer)),
    /** Draw only what lies in a box. @param {Box} next */
    setClip(next) {
      box = next;
      both((panel) => panel.setClip(box));
    },
    ...{ setMaskStyle: main.setMaskStyle, histogramValues: source.histogramValues },
    setCrosshair: (/** @type {boolean} */ on) => both((panel) => panel.setCrosshair(on)),
    /**
     * Call `listener` with the transfer function (null: none) of each preset that is chosen. Returns what ends it.
     *
     * @param {(transfer: ?Transfer) => void} listener
     */
    onPreset(listener) {
      presetListeners.add(listener);
      return () => presetListeners.delete(listener);
    },
    /** @param {string} name a key of VOLUME_PRESETS, or "off" */
    setPreset(name) {
      main.setTransfer(presetCopy(name));
      original?.setTransfer(main.transfer);
      presetListeners.forEach((listener) => listener(main.transfer));
    },
    /** @param {vtkActor[]} surfaces one a label @param {Mask[]} next masks to colour the CT by */
    setMasks(surfaces, next) {
      masks = next;
      main.setMasks(surfaces, source.maskOf(masks), masks);
    },
    /** Surfaces of the same masks, which were edited. @param {vtkActor[]} surfaces @param {Mask[]} next */
    setSurfaces(surfaces, next) {
      masks = next;
      main.setSurfaces(surfaces, source.maskOf(masks), masks);
    },
    complete() {
      if (!source.complete()) return;
      main.setImage(source.image(), source.maskOf(masks));
      original?.setImage(source.image(), null);
    },
    /** @param {boolean} on */
    compare(on) {
      if (on === Boolean(original)) return;
      original?.destroy();
      original = null;
      if (!on) return;
      original = createOriginal(hosts.originalVolume, scene(main.follow), texts);
      original.setTransfer(main.transfer);
      original.setClip(box);
      original.follow(main.camera);
    },
    destroy() {
      [names, overlay, original, main].forEach((part) => part?.destroy());
    },
  };
}
