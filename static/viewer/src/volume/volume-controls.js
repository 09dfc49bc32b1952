/** Pointer and keys on a 3D view: vtk.js's trackball, and keys to turn, zoom and look from the six sides. */
import vtkInteractor from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor.js';
import vtkTrackball from '@kitware/vtk.js/Interaction/Style/InteractorStyleTrackballCamera.js';
import { VOLUME_KEYS } from '../input/shortcuts.js';
import { SIDES } from './standard-views.js';
/**
 * @import { createWindow } from '../vtk/render-window.js'
 * @import { Side } from './standard-views.js'
 */

const UPDATES_A_SECOND = 12; // that are wanted while the view is turned

/**
 * A listener of `keydown`.
 *
 * @param {ReturnType<typeof createWindow>} target
 * @param {{reset: () => void, look: (side: Side) => void}} on
 */
function volumeKeys({ renderer, draw }, { reset, look }) {
  const camera = renderer.getActiveCamera();
  function act(/** @type {string} */ name) {
    const side = name.toUpperCase();
    if (side in SIDES) look(/** @type {Side} */ (side));
    else if (VOLUME_KEYS.reset.includes(name)) reset();
    else if (name in VOLUME_KEYS.turn) {
      const [move, degrees] = VOLUME_KEYS.turn[name];
      camera[move](degrees);
    } else if (name in VOLUME_KEYS.zoom) camera.zoom(VOLUME_KEYS.zoom[name]);
    else return false;
    return true;
  }
  return (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !act(event.key)) return;
    camera.orthogonalizeViewUp();
    renderer.resetCameraClippingRange();
    draw();
    event.preventDefault();
    event.stopPropagation();
  };
}

/**
 * @param {HTMLElement} element
 * @param {ReturnType<typeof createWindow>} target
 * @param {{reset: () => void, look: (side: Side) => void, moving: (now: boolean) => void}} on
 */
export function createVolumeControls(element, target, on) {
  const interactor = vtkInteractor.newInstance();
  interactor.setView(target.view);
  target.onReplaced((view) => interactor.setView(view));
  interactor.initialize();
  interactor.setInteractorStyle(vtkTrackball.newInstance());
  interactor.setDesiredUpdateRate(UPDATES_A_SECOND);
  interactor.onStartAnimation(() => on.moving(true));
  interactor.onEndAnimation(() => {
    on.moving(false);
    target.draw();
  });
  const key = volumeKeys(target, on);
  const focus = () => element.focus({ preventScroll: true });
  const keepFromVtk = (/** @type {Event} */ event) => event.stopImmediatePropagation(); // its own keys: w draws wires
  element.addEventListener('keydown', key);
  element.addEventListener('keypress', keepFromVtk);
  element.addEventListener('pointerdown', focus);
  return {
    /** Listen to the pointer, once there is something to see. */
    start: () => interactor.bindEvents(element),
    destroy() {
      element.removeEventListener('keydown', key);
      element.removeEventListener('keypress', keepFromVtk);
      element.removeEventListener('pointerdown', focus);
      interactor.unbindEvents();
    },
  };
}
