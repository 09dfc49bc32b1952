/** The surfaces of the masks in a headset, at true scale: in the patient's place, or before the wearer, to be held. */
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkInteractor from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkXrHelper from '@kitware/vtk.js/Rendering/WebXR/RenderWindowHelper.js';
import { Input } from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor/Constants.js';
import { XrSessionTypes } from '@kitware/vtk.js/Rendering/WebXR/RenderWindowHelper/Constants.js';
import { mat4 } from 'gl-matrix';
import { createWindow } from '../vtk/render-window.js';
import { createGrab } from './grab.js';
import { Room } from './room.js';
/**
 * @import vtkCamera from '@kitware/vtk.js/Rendering/Core/Camera.js'
 * @import { Grid } from '../types.js'
 * @import { Pose } from './grab.js'
 * @import { Wanted } from './room.js'
 */

/** WebXR, which the DOM's types do not know. */
const xr = () => /** @type {any} */ (navigator).xr;

/** Why there is no VR here, as a key of the texts; '' where there is. */
export async function vrReason() {
  if (!window.isSecureContext) return 'vr_https';
  if (!xr()) return 'vr_browser';
  return (await xr().isSessionSupported('immersive-vr').catch(() => false)) ? '' : 'vr_headset';
}

/** How this device shows the patient's place: with the room around it, without, or '' not at all. */
export async function roomKind() {
  if (!window.isSecureContext || !xr()) return '';
  for (const kind of /** @type {const} */ (['immersive-ar', 'immersive-vr']))
    if (await xr().isSessionSupported(kind).catch(() => false)) return kind;
  return '';
}

/** The same surface for another window. @param {vtkActor} actor */
function copyOf(actor) {
  const mapper = vtkMapper.newInstance({ scalarVisibility: false });
  const surface = actor.getMapper()?.getInputData();
  if (surface) mapper.setInputData(surface);
  const copy = vtkActor.newInstance();
  copy.setMapper(mapper);
  copy.setProperty(actor.getProperty());
  return copy;
}

/**
 * Let hands move the spine, as long as `isFree`.
 *
 * @param {vtkInteractor} interactor
 * @param {vtkCamera} camera
 * @param {{isFree: (button: number) => boolean, moved: (matrix: mat4) => void}} spine `moved` gets its motion in the
 *   image
 */
function letHandsGrab(interactor, camera, { isFree, moved }) {
  const grab = createGrab();
  const toWorld = mat4.create();
  /** vtk.js's types know nothing of a hand's pose. @param {any} event @returns {Pose} */
  const pose = ({ position: p, orientation: o }) => ({ position: [p.x, p.y, p.z], orientation: [o.x, o.y, o.z, o.w] });
  interactor.onButton3D((/** @type {any} */ event) => {
    if (event.pressed && isFree(event.input)) grab.press(event.device, pose(event));
    else grab.release(event.device);
  });
  interactor.onMove3D((/** @type {any} */ event) => {
    if (!isFree(Input.Unknown) || !grab.move(event.device, pose(event))) return;
    camera.getPhysicalToWorldMatrix(toWorld);
    const back = mat4.invert(mat4.create(), toWorld);
    const inWorld = mat4.multiply(mat4.create(), toWorld, grab.matrix);
    if (back) moved(mat4.multiply(inWorld, inWorld, back));
  });
}

/**
 * Enter a headset's room with copies of surfaces; `bounds` are in mm, as they are held.
 *
 * @param {'immersive-ar' | 'immersive-vr'} kind with the room around the wearer, or without
 * @param {Grid} grid
 * @param {vtkActor[]} surfaces RAS+ mm
 * @param {Wanted} wanted what is to be seen there
 */
export async function enterXr(kind, grid, surfaces, wanted) {
  const element = document.createElement('div');
  element.className = 'sv-vr';
  document.body.append(element);
  const optionalFeatures = ['local-floor', 'anchors'];
  const session = await xr()
    .requestSession(kind, { optionalFeatures })
    .catch((/** @type {unknown} */ error) => {
      element.remove();
      throw error;
    });
  const target = createWindow(element);
  const interactor = vtkInteractor.newInstance();
  interactor.setView(target.view);
  interactor.initialize();
  const actors = surfaces.map(copyOf);
  actors.forEach((actor) => target.renderer.addActor(actor));
  const camera = target.renderer.getActiveCamera();
  const bounds = () => target.renderer.computeVisiblePropBounds();
  const room = new Room(session, { grid, element, renderer: target.renderer, actors, bounds: bounds() }, wanted);

  // Its types lack what it takes and what it is initialized with.
  const xrSessionType = sessionType(kind, session);
  const helper = /** @type {any} */ (vtkXrHelper.newInstance(/** @type {any} */ ({ xrSessionType })));
  helper.initialize(target.view);
  await helper.enterXR(session);
  room.start();
  letHandsGrab(interactor, camera, room);

  const ended = new Promise((done) => session.addEventListener('end', done, { once: true })).then(async () => {
    room.stop();
    await helper.stopXR();
    interactor.delete();
    target.destroy();
    element.remove();
  });
  return { end: () => session.end(), ended, bounds: () => [...bounds()], room };
}

/** What vtk.js calls it. @param {string} kind @param {any} session */
function sessionType(kind, session) {
  if (session.interactionMode === 'screen-space') return XrSessionTypes.MobileAR; // a tablet or telephone held up
  return kind === 'immersive-ar' ? XrSessionTypes.HmdAR : XrSessionTypes.HmdVR;
}
