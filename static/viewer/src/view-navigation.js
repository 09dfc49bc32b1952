/** Where all panels look: reset, zoomed to a label, and as a view that can be kept and shown again. */
import { PLANE_NAMES } from './core/geometry.js';
import { cameraBefore, cameraNumbers, cameraOf } from './vtk/camera.js';
/**
 * @import { Crosshair, LabelStatistics, Plane } from './types.js'
 * @import { SlicePanel } from './slices/slice-panel.js'
 * @import { Scene3d } from './volume/scene-3d.js'
 */

/** @typedef {Partial<Record<Plane, number[]>> & {at?: number[], camera?: number[]}} Places see view-state.js */

/**
 * @param {Crosshair} crosshair
 * @param {{panels: Record<Plane, SlicePanel>, reformation: {all(): SlicePanel[]}}} slices
 * @param {Scene3d} volume
 * @param {(id: string) => Record<string, LabelStatistics>} statisticsOf a mask
 */
export function createNavigation(crosshair, { panels, reformation }, volume, statisticsOf) {
  const { main } = volume;
  return {
    reset() {
      [...PLANE_NAMES.map((name) => panels[name]), ...reformation.all()].forEach((panel) => panel.reset());
      volume.reset();
    },
    /**
     * Show one label of a mask as large as fits; false if it is not known where it lies.
     *
     * @param {string} id of the mask
     * @param {number} label
     */
    zoomTo(id, label) {
      const found = statisticsOf(id)[label];
      if (!found) return false;
      crosshair.moveToWorld(found.centre_mm);
      PLANE_NAMES.forEach((name) => panels[name].showBox(found.low_mm, found.high_mm));
      main.follow(cameraBefore(main.camera, found.low_mm, found.high_mm));
      return true;
    },
    /** Where the panels look now; layout, window and plane are the page's. */
    snapshot: () => ({
      at: crosshair.world,
      camera: cameraNumbers(main.camera),
      ...Object.fromEntries(PLANE_NAMES.map((name) => [name, panels[name].userChoice()])),
    }),
    /** Look where a snapshot looked. @param {Places} view */
    restore(view) {
      if (view.at) crosshair.moveToWorld(view.at);
      if (view.camera) main.follow(cameraOf(view.camera, main.camera.getViewAngle()));
      PLANE_NAMES.forEach((name) => {
        const [u, v, mmPerPx] = view[name] ?? [];
        if (mmPerPx) panels[name].follow({ centre: [u, v], mmPerPx });
      });
    },
  };
}
