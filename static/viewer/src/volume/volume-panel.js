/** A 3D view: the CT as a volume rendering, the masks as surfaces in it or as colours of it, the crosshair. */
import { frameOf, worldToIndex } from '../core/patient-frame.js';
import { debounced } from '../core/timing.js';
import { createWindow } from '../vtk/render-window.js';
import { createCross } from './crosshair-3d.js';
import { lookAnteroposterior, lookFrom } from './standard-views.js';
import { createVolumeContent } from './volume-content.js';
import { createVolumeControls } from './volume-controls.js';
/**
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
  const target = createWindow(element, () => {}, scene.coarse ? COARSE_SCALE : 1);
  const { renderer, draw } = target;
  const camera = renderer.getActiveCamera();
  let following = false; // the camera is moved from here, not by the user

  function fit() {
    renderer.resetCamera(content.bounds());
    camera.zoom(CLOSER);
    renderer.resetCameraClippingRange();
    draw();
  }
  /** @param {?Side} side null: from the front, as textbooks do */
  function look(side) {
    if (side) lookFrom(camera, frame, side);
    else lookAnteroposterior(camera, frame);
    fit();
  }
  const reset = () => look(null);

  const controls = createVolumeControls(element, target, { reset, look });
  const subscription = camera.onModified(() => {
    if (!following) scene.moved(camera);
  });
  const leaveCrosshair = showCrosshair(target, frame, scene);
  target.start();
  const content = createVolumeContent(renderer, scene, draw);
  reset();
  controls.start();
  return {
    ...content,
    reset,
    look,
    camera,
    draw,
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
      following = true;
      camera.setPosition(...other.getPosition());
      camera.setFocalPoint(...other.getFocalPoint());
      camera.setViewUp(...other.getViewUp());
      camera.setViewAngle(other.getViewAngle());
      following = false;
      renderer.resetCameraClippingRange();
      draw();
    },
    destroy() {
      subscription.unsubscribe();
      leaveCrosshair();
      controls.destroy();
      target.destroy();
    },
  };
}

/**
 * Draw the crosshair. Where a processor draws, slices follow it at once and 3D when it rests.
 *
 * @param {ReturnType<typeof createWindow>} target
 * @param {Frame} frame
 * @param {VolumeScene} scene
 * @returns what ends it
 */
function showCrosshair({ renderer, draw }, frame, { crosshair, coarse }) {
  const cross = createCross(frame);
  cross.actors.forEach((actor) => renderer.addActor(actor));
  cross.place(worldToIndex(frame, crosshair.world));
  const redraw = debounced(draw, coarse ? REST_MS : 0);
  const leave = crosshair.onMove((index, world) => {
    cross.place(worldToIndex(frame, world));
    redraw();
  });
  return () => {
    leave();
    redraw.cancel();
  };
}
