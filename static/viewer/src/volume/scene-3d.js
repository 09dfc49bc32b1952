/** All of 3D: the view, beside it the original while two are compared, and what lies above them. */
import { WHOLE } from './clip-box.js';
import { coarser, factorsFor, thinned, voxelsFor3d } from '../core/sampling.js';
import { imageOf } from '../vtk/vtk-image.js';
import { thinnedBox } from '../data/label-bounds.js';
import { labelNumbers, mergeLabels } from '../data/merged-labels.js';
import { createVolumeOverlay } from './volume-overlay.js';
import { createVolumePanel } from './volume-panel.js';
import { graphics } from '../vtk/render-window.js';

const MOST_DRAWN_BY_SOFTWARE = 1.5e6; // voxels of the 3D texture

/**
 * @param {object} hosts elements: volume, originalVolume
 * @param {object} study { grid, values: HU, i fastest; preview: { grid, values }, drawn until `complete`, or null }
 * @param {object} page { crosshair, texts }
 */
export function createScene3d(hosts, { grid, values, preview }, { crosshair, texts }) {
  const { software, most3d, tablet } = graphics();
  const enough = preview !== null && software; // a processor turns no more voxels than a preview has
  let factors = preview ? grid.preview.factors : factorsFor(grid, software ? MOST_DRAWN_BY_SOFTWARE : voxelsFor3d(grid, tablet), most3d);
  const whole = () => imageOf(coarser(grid, factors), thinned(values, grid.shape, factors));
  let image = preview ? imageOf(preview.grid, preview.values) : whole();
  let masks = []; // that colour the CT, see masks.js
  const scene = (moved) => ({ grid, image, coarse: software, crosshair, moved });

  let original = null; // beside it, while two are compared
  let box = WHOLE;
  const main = createVolumePanel(hosts.volume, scene((camera) => original?.follow(camera)));
  const overlay = createVolumeOverlay(hosts.volume, main, texts);
  const both = (act) => [main, original].forEach((panel) => panel && act(panel));

  /** All of the masks as one, on the grid of `image`; null if no label is seen. Its voxels are merged only when they are asked for. */
  function maskNow() {
    const [shown, blocks] = [masks, factors];
    const { numbers, colours } = labelNumbers(shown);
    if (!Object.keys(colours).length) return null;
    const labels = () => mergeLabels(shown.map(({ box }) => thinnedBox(box, grid.shape, blocks)), numbers);
    return { colours, image: () => imageOf(coarser(grid, blocks), labels()) };
  }
  function setTransfer(transfer) {
    both((panel) => panel.setTransfer(transfer));
  }
  function setClip(next) {
    box = next;
    both((panel) => panel.setClip(box));
  }
  const presetListeners = new Set();

  return {
    main,
    /** Panels beside it that there are now: [name of its host, panel]. */
    others: () => (original ? [['originalVolume', original]] : []),
    reset: main.reset,
    /** Show the CT by another transfer function, see presets-3d.js. */
    setTransfer,
    /** Draw only what lies in a box, see clip-box.js. */
    setClip,
    /** HU that a histogram can be made of. */
    histogramValues: preview?.values ?? values,
    /** Call `listener` with the transfer function (null: none) of each preset that is chosen. Returns what ends it. */
    onPreset(listener) {
      presetListeners.add(listener);
      return () => presetListeners.delete(listener);
    },
    /** A key of VOLUME_PRESETS, or "off". */
    setPreset(name) {
      main.setPreset(name);
      original?.setTransfer(main.transfer);
      presetListeners.forEach((listener) => listener(main.transfer));
    },
    /**
     * @param {object[]} surfaces vtkActors, one a label
     * @param {object[]} next masks to colour the CT by, see masks.js; where they overlap the later one is seen
     */
    setMasks(surfaces, next) {
      masks = next;
      main.setMasks(surfaces, maskNow());
    },
    /** `values` are whole now: draw as many of them as the device can. */
    complete() {
      if (!preview || enough) return;
      factors = factorsFor(grid, voxelsFor3d(grid, tablet), most3d);
      image = whole();
      main.setImage(image, maskNow());
      original?.setImage(image, null);
    },
    /** Show the original beside it, or no longer. */
    compare(on) {
      if (on === Boolean(original)) return;
      if (!on) {
        original.destroy();
        original = null;
        return;
      }
      original = createVolumePanel(hosts.originalVolume, scene((camera) => main.follow(camera)));
      original.setTransfer(main.transfer);
      original.setClip(box);
      original.follow(main.camera);
    },
    destroy() {
      overlay.destroy();
      original?.destroy();
      main.destroy();
    },
  };
}
