/** The 3D view: the CT as a volume rendering, the masks as surfaces in it or as colours of it, the crosshair. */
import vtkInteractor from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor.js';
import vtkTrackball from '@kitware/vtk.js/Interaction/Style/InteractorStyleTrackballCamera.js';
import { WHOLE, boxPlanes, clip } from './clip-box.js';
import { debounced } from '../core/timing.js';
import { createCross } from './crosshair-3d.js';
import { SEE_THROUGH, createCtVolume } from './ct-volume.js';
import { VOLUME_KEYS } from '../input/shortcuts.js';
import { frameOf, worldToIndex } from '../core/patient-frame.js';
import { VOLUME_PRESETS, presetCopy } from './presets-3d.js';
import { SIDES, lookFrom, lookAnteroposterior } from './standard-views.js';
import { createWindow } from '../vtk/render-window.js';

const REST_MS = 400;

/**
 * @param {object} scene { grid, image } of the volume to be rendered; `coarse` where no graphics card helps;
 *   `crosshair` to draw, if any; `moved(camera)` is called after each movement
 */
export function createVolumePanel(element, scene) {
  const { grid } = scene;
  const frame = frameOf(grid); // the patient's own axes, whatever those of the scan
  const target = createWindow(element, () => {}, scene.coarse ? 0.5 : 1);
  const { renderer, draw } = target;
  const camera = renderer.getActiveCamera();

  const interactor = vtkInteractor.newInstance();
  interactor.setView(target.view);
  target.onReplaced((view) => interactor.setView(view));
  interactor.initialize();
  interactor.setInteractorStyle(vtkTrackball.newInstance());
  interactor.setDesiredUpdateRate(12);

  let image = scene.image;
  let spacing = image.getSpacing();
  let transfer = presetCopy('bone'); // null: the CT is not drawn
  let surfaces = [];
  let mask = null; // { image(), colours } that colours the CT
  let style = 'surface';
  let planes = boxPlanes(grid, WHOLE);
  let volume = null;
  let quiet = false;

  const coloured = () => style === 'colour' && mask !== null;

  /** Bring what is drawn in line with what is wanted. `anew`: the textures are others. */
  function show(anew) {
    if (anew || !volume) {
      if (volume) renderer.removeVolume(volume.actor);
      volume = createCtVolume(image, coloured() ? mask : null, { spacing, coarse: scene.coarse });
      renderer.addVolume(volume.actor);
    }
    volume.actor.setVisibility(transfer !== null);
    surfaces.forEach((actor) => actor.setVisibility(!coloured()));
    if (transfer) volume.paint(transfer, surfaces.length && !coloured() ? SEE_THROUGH : 1);
    clip([volume.actor, ...surfaces].map((actor) => actor.getMapper()), planes);
    draw();
  }

  function settle() {
    renderer.resetCamera(image.getBounds());
    camera.zoom(1.35);
    renderer.resetCameraClippingRange();
    draw();
  }

  function reset() {
    lookAnteroposterior(camera, frame);
    settle();
  }

  function look(side) {
    lookFrom(camera, frame, side);
    settle();
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [move, by] = VOLUME_KEYS.turn[event.key] ?? [];
    const side = event.key.toUpperCase();
    if (side in SIDES) look(side);
    else if (VOLUME_KEYS.reset.includes(event.key)) reset();
    else if (move) camera[move](by);
    else if (event.key in VOLUME_KEYS.zoom) camera.zoom(VOLUME_KEYS.zoom[event.key]);
    else return;
    camera.orthogonalizeViewUp();
    renderer.resetCameraClippingRange();
    draw();
    event.preventDefault();
    event.stopPropagation();
  }
  const focus = () => element.focus({ preventScroll: true });
  const own = (event) => event.stopImmediatePropagation(); // vtk.js has keys of its own: w draws wires
  element.addEventListener('keydown', key);
  element.addEventListener('keypress', own);
  element.addEventListener('pointerdown', focus);

  const following = camera.onModified(() => {
    if (!quiet) scene.moved?.(camera);
  });

  let leaveCrosshair = () => {};
  if (scene.crosshair) {
    const cross = createCross(frame);
    cross.actors.forEach((actor) => renderer.addActor(actor));
    cross.place(worldToIndex(frame, scene.crosshair.world));
    // Where a processor draws, slices follow the crosshair at once and 3D when it rests.
    const redraw = debounced(draw, scene.coarse ? REST_MS : 0);
    const leave = scene.crosshair.onMove((index, world) => {
      cross.place(worldToIndex(frame, world));
      redraw();
    });
    leaveCrosshair = () => {
      leave();
      redraw.cancel();
    };
  }

  target.start();
  show(true);
  reset();
  interactor.bindEvents(element);
  return {
    reset,
    look,
    camera,
    target,
    draw,
    /** Draw now, so that the canvas can be read. */
    render: () => target.renderWindow.render(),
    /** The vtkActors of the masks shown. */
    surfaces: () => surfaces,
    /** Walk around the patient by so many degrees; nothing is drawn yet. */
    turn(degrees) {
      camera.azimuth(degrees);
      renderer.resetCameraClippingRange();
    },
    /** A key of VOLUME_PRESETS, or "off". */
    setPreset(name) {
      transfer = name in VOLUME_PRESETS ? presetCopy(name) : null;
      show(false);
    },
    /** A transfer function as in presets-3d.js, or null for none. */
    setTransfer(next) {
      transfer = next;
      show(false);
    },
    get transfer() {
      return transfer;
    },
    /** A finer (or coarser) image of the same CT, and the mask on its grid. */
    setImage(next, nextMask) {
      image = next;
      mask = nextMask;
      spacing = next.getSpacing();
      show(true);
    },
    /** Show these vtkActors in place of the former ones, and let `next` ({ image(), colours } or null) colour the CT. */
    setMasks(actors, next) {
      surfaces.forEach((actor) => renderer.removeActor(actor));
      surfaces = actors;
      surfaces.forEach((actor) => renderer.addActor(actor));
      const was = coloured();
      mask = next;
      show(was || coloured());
    },
    /** "surface": masks as surfaces in the CT; "colour": the CT coloured by the mask. */
    setMaskStyle(next) {
      if (style === next) return;
      style = next;
      show(true);
    },
    /** Draw only what lies in `box` (see clip-box.js). */
    setClip(box) {
      planes = boxPlanes(grid, box);
      show(false);
    },
    /** Look from where another panel's camera looks, telling nobody. */
    follow(other) {
      quiet = true;
      camera.setPosition(...other.getPosition());
      camera.setFocalPoint(...other.getFocalPoint());
      camera.setViewUp(...other.getViewUp());
      camera.setViewAngle(other.getViewAngle());
      quiet = false;
      renderer.resetCameraClippingRange();
      draw();
    },
    destroy() {
      following.unsubscribe();
      leaveCrosshair();
      element.removeEventListener('keydown', key);
      element.removeEventListener('keypress', own);
      element.removeEventListener('pointerdown', focus);
      interactor.unbindEvents();
      target.destroy();
    },
  };
}
