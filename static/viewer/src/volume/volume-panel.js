/** A 3D view: the CT as a volume rendering, the masks as surfaces in it or as colours of it, the crosshair. */
import { frameOf, worldToIndex } from '../core/patient-frame.js';
import { debounced } from '../core/timing.js';
import { zoomToFill } from '../vtk/camera.js';
import { createWindow } from '../vtk/render-window.js';
import { createCross } from './crosshair-3d.js';
import { lookAnteroposterior, lookFrom } from './standard-views.js';
import { createVolumeContent } from './volume-content.js';
import { createVolumeControls } from './volume-controls.js';
/**
 * @import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js'
 * @import vtkCamera from '@kitware/vtk.js/Rendering/Core/Camera.js'
 * @import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData.js'
 * @import { CameraPose, Crosshair, Frame, Grid } from '../types.js'
 * @import { Side } from './standard-views.js'
 */

/**
 * @typedef {object} VolumeScene
 * @property {Grid} grid of the scan
 * @property {vtkImageData} image of the CT
 * @property {boolean} coarse whether no graphics card helps
 * @property {Crosshair} crosshair
 * @property {(camera: CameraPose) => void} moved called after each movement that was made in this panel
 */

/** @typedef {ReturnType<typeof createVolumePanel>} VolumePanel */

const REST_MS = 400;
const CLOSER = 1.35; // than vtk.js's resetCamera, which fits the sphere around the box
const COARSE_SCALE = 0.5; // drawn pixels a screen pixel

/**
 * @param {HTMLElement} element
 * @param {VolumeScene} scene
 */
export function createVolumePanel(element, scene) {
  const frame = frameOf(scene.grid); // the patient's own axes, whatever those of the scan
  const target = createWindow(element, scene.coarse ? COARSE_SCALE : 1);
  const { renderer, draw } = target;
  const camera = renderer.getActiveCamera();
  let [following, userMoved] = [false, false]; // moved from here now, not by the user; moved by the user at all

  /** @param {?Side} side null: from the front, as textbooks do */
  function look(side) {
    if (side) lookFrom(camera, frame, side);
    else lookAnteroposterior(camera, frame);
    fitCamera(target, content);
    draw();
  }
  const reset = () => look(null);

  const moving = (/** @type {boolean} */ now) => content.setMoving(now);
  const controls = createVolumeControls(element, target, { reset, look, moving });
  const subscription = camera.onModified(() => {
    if (!following) scene.moved(camera);
  });
  const crosshair3d = showCrosshair(target, frame, scene);
  const stopWatching = onTouched(element, () => (userMoved = true));
  target.start();
  const content = createVolumeContent(renderer, scene, draw);
  reset();
  controls.start();
  return {
    ...content,
    /** Other surfaces of the same masks: the camera stays. */
    setSurfaces: content.setMasks,
    /** Show surfaces; as long as nobody turned the view it shows them as large as fits. */
    setMasks(/** @type {Parameters<typeof content.setMasks>} */ ...masks) {
      content.setMasks(...masks);
      crosshair3d.hide(masks[0].length > 0);
      if (!userMoved && masks[0].length) reset();
    },
    /** Whether the crosshair may be seen. @param {boolean} on */
    setCrosshair: crosshair3d.allow,
    ...{ reset, look, camera, draw },
    ...furtherActors(renderer),
    /** Draw now, so that the canvas can be read. */
    render: () => target.renderWindow.render(),
    /** Walk around the patient; nothing is drawn yet. @param {number} degrees */
    turn(degrees) {
      camera.azimuth(degrees);
      renderer.resetCameraClippingRange();
    },
    get transfer() {
      return content.transfer();
    },
    /** Look from where another panel's camera looks; `moved` is not called. @param {CameraPose} other */
    follow(other) {
      following = userMoved = true;
      pose(camera, other);
      following = false;
      renderer.resetCameraClippingRange();
      draw();
    },
    destroy() {
      subscription.unsubscribe();
      crosshair3d.leave();
      stopWatching();
      controls.destroy();
      target.destroy();
    },
  };
}

/** What others draw in the view. @param {ReturnType<typeof createWindow>['renderer']} renderer */
function furtherActors(renderer) {
  return {
    /** @param {vtkActor[]} actors */
    addActors: (actors) => actors.forEach((actor) => renderer.addActor(actor)),
    /** @param {vtkActor[]} actors */
    removeActors: (actors) => actors.forEach((actor) => renderer.removeActor(actor)),
  };
}

/**
 * Show the masks' surfaces as large as fits, or the whole CT where there are none.
 *
 * @param {ReturnType<typeof createWindow>} target
 * @param {Pick<ReturnType<typeof createVolumeContent>, 'bounds' | 'surfaceBounds'>} content
 */
function fitCamera({ renderer, size }, content) {
  const camera = renderer.getActiveCamera();
  const spine = content.surfaceBounds();
  renderer.resetCamera(spine ?? content.bounds());
  const [width, height] = size();
  camera.zoom(spine ? zoomToFill(camera, spine, width / Math.max(height, 1)) : CLOSER);
  renderer.resetCameraClippingRange();
}

/** Put a camera where another one is. @param {vtkCamera} camera @param {CameraPose} other */
function pose(camera, other) {
  camera.setPosition(...other.getPosition());
  camera.setFocalPoint(...other.getFocalPoint());
  camera.setViewUp(...other.getViewUp());
  camera.setViewAngle(other.getViewAngle());
}

/**
 * Call `act` whenever a user may have moved the view in `element`; returns what ends it.
 *
 * @param {HTMLElement} element
 * @param {() => void} act
 */
function onTouched(element, act) {
  const types = ['pointerdown', 'wheel', 'keydown'];
  types.forEach((type) => element.addEventListener(type, act));
  return () => types.forEach((type) => element.removeEventListener(type, act));
}

/**
 * Draw the crosshair; where there are surfaces it is seen once it was moved. Where a processor draws, slices follow it
 * at once and 3D when it rests.
 *
 * @param {ReturnType<typeof createWindow>} target
 * @param {Frame} frame
 * @param {VolumeScene} scene
 */
function showCrosshair({ renderer, draw }, frame, { crosshair, coarse }) {
  const cross = createCross(frame);
  cross.actors.forEach((actor) => renderer.addActor(actor));
  cross.place(worldToIndex(frame, crosshair.world));
  const redraw = debounced(draw, coarse ? REST_MS : 0);
  let [allowed, hidden] = [true, false];
  function show() {
    cross.actors.forEach((actor) => actor.setVisibility(allowed && !hidden));
    redraw();
  }
  const leave = crosshair.onMove((index, world) => {
    cross.place(worldToIndex(frame, world));
    hidden = false;
    show();
  });
  return {
    /** @param {boolean} on */
    allow(on) {
      allowed = on;
      show();
    },
    /** Hide it until it is moved. @param {boolean} isHidden */
    hide(isHidden) {
      hidden = isHidden;
      show();
    },
    leave() {
      leave();
      redraw.cancel();
    },
  };
}
