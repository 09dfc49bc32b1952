/** The surfaces of the masks in a headset: they stand before whoever wears it, at true scale, to be held and turned. */
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkInteractor from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkXrHelper from '@kitware/vtk.js/Rendering/WebXR/RenderWindowHelper.js';
import { mat4 } from 'gl-matrix';
import { axisVector } from '../core/geometry.js';
import { createGrab } from './grab.js';
import { createWindow } from '../vtk/render-window.js';

const MM_PER_M = 1000;
const BEFORE_M = 0.7; // how far before the eyes the spine stands
const BELOW_M = 0.1; // and how far below them

/** Why there is no VR here, as a key of the texts; '' where there is. */
export async function vrReason() {
  if (!window.isSecureContext) return 'vr_https';
  if (!navigator.xr) return 'vr_browser';
  return (await navigator.xr.isSessionSupported('immersive-vr').catch(() => false)) ? '' : 'vr_headset';
}

/** The same surface for another window. */
function copyOf(actor) {
  const mapper = vtkMapper.newInstance({ scalarVisibility: false });
  mapper.setInputData(actor.getMapper().getInputData());
  const copy = vtkActor.newInstance();
  copy.setMapper(mapper);
  copy.setProperty(actor.getProperty());
  return copy;
}

/** The patient faces the wearer: metres of the room from mm of the patient. */
function placeBefore(camera, grid, middle) {
  const up = axisVector(grid, 2);
  const north = axisVector(grid, 1, -1); // looking from the front to the back
  camera.setPhysicalScale(MM_PER_M);
  camera.setPhysicalViewUp(up);
  camera.setPhysicalViewNorth(north);
  camera.setPhysicalTranslation(middle.map((x, n) => -(x + MM_PER_M * (BELOW_M * up[n] - BEFORE_M * north[n]))));
  camera.setClippingRange(0.05 * MM_PER_M, 50 * MM_PER_M);
}

/**
 * Enter VR with copies of `surfaces` (vtkActors in RAS+ mm).
 *
 * @returns {Promise<{end: () => void, ended: Promise<void>, bounds: () => number[]}>} bounds in mm, as they are held
 */
export async function enterVr(grid, surfaces) {
  const session = await navigator.xr.requestSession('immersive-vr');
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

  const helper = vtkXrHelper.newInstance({ drawControllersRay: false });
  helper.initialize(target.view);
  await helper.enterXR(session);
  placeBefore(camera, grid, [0, 1, 2].map((n) => (bounds[2 * n] + bounds[2 * n + 1]) / 2));

  const grab = createGrab();
  const toWorld = mat4.create();
  const show = () => {
    camera.getPhysicalToWorldMatrix(toWorld);
    const inWorld = mat4.multiply(mat4.create(), toWorld, grab.matrix);
    mat4.multiply(inWorld, inWorld, mat4.invert(mat4.create(), toWorld));
    actors.forEach((actor) => actor.setUserMatrix(inWorld));
  };
  const pose = ({ position: p, orientation: o }) => ({ position: [p.x, p.y, p.z], orientation: [o.x, o.y, o.z, o.w] });
  interactor.onButton3D((event) => (event.pressed ? grab.press(event.device, pose(event)) : grab.release(event.device)));
  interactor.onMove3D((event) => grab.move(event.device, pose(event)) && show());

  const ended = new Promise((done) => session.addEventListener('end', done, { once: true })).then(async () => {
    await helper.stopXR();
    interactor.delete();
    target.destroy();
    element.remove();
  });
  return { end: () => session.end(), ended, bounds: () => target.renderer.computeVisiblePropBounds() };
}
