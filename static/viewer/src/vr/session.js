/** The surfaces of the masks in a headset: they stand in front of whoever wears it, at true scale, to be held. */
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkInteractor from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkXrHelper from '@kitware/vtk.js/Rendering/WebXR/RenderWindowHelper.js';
import { mat4 } from 'gl-matrix';
import { axisVector } from '../core/geometry.js';
import { createGrab } from './grab.js';
import { AXES } from '../core/vectors.js';
import { createWindow } from '../vtk/render-window.js';
/**
 * @import vtkCamera from '@kitware/vtk.js/Rendering/Core/Camera.js'
 * @import { Grid, Vec3 } from '../types.js'
 * @import { Pose } from './grab.js'
 */

const MM_PER_M = 1000;
const BEFORE_M = 0.7; // how far in front of the eyes the spine stands
const BELOW_M = 0.1; // and how far below them

/** WebXR, which the DOM's types do not know. */
const xr = () => /** @type {any} */ (navigator).xr;

/** Why there is no VR here, as a key of the texts; '' where there is. */
export async function vrReason() {
  if (!window.isSecureContext) return 'vr_https';
  if (!xr()) return 'vr_browser';
  return (await xr().isSessionSupported('immersive-vr').catch(() => false)) ? '' : 'vr_headset';
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
 * The patient faces the wearer: metres of the room from mm of the patient.
 *
 * @param {vtkCamera} camera
 * @param {Grid} grid
 * @param {Vec3} middle of the surfaces, RAS+ mm
 */
function placeBefore(camera, grid, middle) {
  const up = axisVector(grid, 2);
  const north = axisVector(grid, 1, -1); // looking from the front to the back
  camera.setPhysicalScale(MM_PER_M);
  camera.setPhysicalViewUp(...up);
  camera.setPhysicalViewNorth(...north);
  const place = middle.map((x, n) => -(x + MM_PER_M * (BELOW_M * up[n] - BEFORE_M * north[n])));
  camera.setPhysicalTranslation(...place);
  camera.setClippingRange(0.05 * MM_PER_M, 50 * MM_PER_M);
}

/**
 * Let hands move the actors.
 *
 * @param {vtkInteractor} interactor
 * @param {vtkCamera} camera
 * @param {vtkActor[]} actors
 */
function letHandsGrab(interactor, camera, actors) {
  const grab = createGrab();
  const toWorld = mat4.create();
  const show = () => {
    camera.getPhysicalToWorldMatrix(toWorld);
    const inWorld = mat4.multiply(mat4.create(), toWorld, grab.matrix);
    const back = mat4.invert(mat4.create(), toWorld);
    if (back) mat4.multiply(inWorld, inWorld, back);
    actors.forEach((actor) => actor.setUserMatrix(inWorld));
  };
  /** vtk.js's types know nothing of a hand's pose. @param {any} event @returns {Pose} */
  const pose = ({ position: p, orientation: o }) => ({ position: [p.x, p.y, p.z], orientation: [o.x, o.y, o.z, o.w] });
  interactor.onButton3D((/** @type {any} */ event) => {
    if (event.pressed) grab.press(event.device, pose(event));
    else grab.release(event.device);
  });
  interactor.onMove3D((/** @type {any} */ event) => {
    if (grab.move(event.device, pose(event))) show();
  });
}

/**
 * Enter VR with copies of surfaces; `bounds` are in mm, as they are held.
 *
 * @param {Grid} grid
 * @param {vtkActor[]} surfaces RAS+ mm
 */
export async function enterVr(grid, surfaces) {
  const session = await xr().requestSession('immersive-vr');
  const element = document.createElement('div');
  element.className = 'sv-vr';
  document.body.append(element);
  const target = createWindow(element, () => {});
  const interactor = vtkInteractor.newInstance();
  interactor.setView(target.view);
  interactor.initialize();
  const actors = surfaces.map(copyOf);
  actors.forEach((actor) => target.renderer.addActor(actor));
  const bounds = target.renderer.computeVisiblePropBounds();
  const camera = target.renderer.getActiveCamera();

  // Its types lack what it takes and what it is initialized with.
  const helper = /** @type {any} */ (vtkXrHelper.newInstance(/** @type {any} */ ({ drawControllersRay: false })));
  helper.initialize(target.view);
  await helper.enterXR(session);
  placeBefore(camera, grid, AXES.map((n) => (bounds[2 * n] + bounds[2 * n + 1]) / 2));
  letHandsGrab(interactor, camera, actors);

  const ended = new Promise((done) => session.addEventListener('end', done, { once: true })).then(async () => {
    await helper.stopXR();
    interactor.delete();
    target.destroy();
    element.remove();
  });
  return {
    end: () => session.end(),
    ended,
    bounds: () => [...target.renderer.computeVisiblePropBounds()],
  };
}
