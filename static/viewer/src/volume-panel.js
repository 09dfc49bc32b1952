/** The 3D view: the CT as a volume rendering, the masks as surfaces in it. */
import vtkVolume from '@kitware/vtk.js/Rendering/Core/Volume.js';
import vtkVolumeMapper from '@kitware/vtk.js/Rendering/Core/VolumeMapper.js';
import vtkInteractor from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor.js';
import vtkTrackball from '@kitware/vtk.js/Interaction/Style/InteractorStyleTrackballCamera.js';
import { axisVector, indexToWorld } from './geometry.js';
import { SEE_THROUGH, VOLUME_PRESETS, applyPreset } from './transfer.js';
import { createWindow } from './window.js';

const KEYS = { ArrowLeft: ['azimuth', 8], ArrowRight: ['azimuth', -8], ArrowUp: ['elevation', -8], ArrowDown: ['elevation', 8] };

/**
 * @param {object} scene { grid, image } of the volume to be rendered; `coarse` where no graphics card helps;
 *   `moved(camera)` is called after each movement
 */
export function createVolumePanel(element, scene) {
  const { grid } = scene;
  const target = createWindow(element, () => {}, scene.coarse ? 0.5 : 1);
  const camera = target.renderer.getActiveCamera();
  const finest = Math.min(...grid.spacing_mm);

  const mapper = vtkVolumeMapper.newInstance();
  mapper.setInputData(scene.image);
  mapper.setSampleDistance(scene.coarse ? Math.max(finest, 2) : Math.max(0.7 * finest, 0.5));
  mapper.setAutoAdjustSampleDistances(true);
  mapper.setInitialInteractionScale(2);
  mapper.setMaximumSamplesPerRay(1500);
  const volume = vtkVolume.newInstance();
  volume.setMapper(mapper);
  const property = volume.getProperty();
  property.setInterpolationTypeToLinear();
  property.setScalarOpacityUnitDistance(0, Math.max(1, finest));
  target.renderer.addVolume(volume);

  const interactor = vtkInteractor.newInstance();
  interactor.setView(target.view);
  interactor.initialize();
  interactor.setInteractorStyle(vtkTrackball.newInstance());
  interactor.setDesiredUpdateRate(12);

  let preset = 'bone';
  let surfaces = [];
  let quiet = false;

  function apply() {
    const shown = preset in VOLUME_PRESETS;
    volume.setVisibility(shown);
    if (shown) applyPreset(property, preset, surfaces.length ? SEE_THROUGH : 1);
    target.draw();
  }

  function reset() {
    const middle = indexToWorld(grid, grid.shape.map((n) => (n - 1) / 2));
    const anterior = axisVector(grid, 1);
    const left = axisVector(grid, 0, -1);
    const superior = axisVector(grid, 2);
    // From the front, a little from the patient's left and from above: what a book shows.
    const from = [0, 1, 2].map((n) => anterior[n] + 0.55 * left[n] + 0.2 * superior[n]);
    camera.setFocalPoint(...middle);
    camera.setPosition(...middle.map((x, n) => x + 600 * from[n]));
    camera.setViewUp(...superior);
    target.renderer.resetCamera(scene.image.getBounds());
    camera.zoom(1.35);
    target.renderer.resetCameraClippingRange();
    target.draw();
  }

  function key(event) {
    const [move, by] = KEYS[event.key] ?? [];
    if (move) camera[move](by);
    else if (event.key === '+' || event.key === '=') camera.zoom(1.15);
    else if (event.key === '-') camera.zoom(1 / 1.15);
    else if (event.key === 'r' || event.key === 'Home') reset();
    else return;
    camera.orthogonalizeViewUp();
    target.renderer.resetCameraClippingRange();
    target.draw();
    event.preventDefault();
  }
  const focus = () => element.focus({ preventScroll: true });
  element.addEventListener('keydown', key);
  element.addEventListener('pointerdown', focus);

  const following = camera.onModified(() => {
    if (!quiet) scene.moved?.(camera);
  });

  target.start();
  reset();
  apply();
  interactor.bindEvents(element);
  return {
    reset,
    /** A key of VOLUME_PRESETS, or "off". */
    setPreset(name) {
      preset = name;
      apply();
    },
    /** Show these vtkActors in place of the former ones. */
    setSurfaces(actors) {
      surfaces.forEach((actor) => target.renderer.removeActor(actor));
      surfaces = actors;
      surfaces.forEach((actor) => target.renderer.addActor(actor));
      apply();
    },
    /** Look from where another panel's camera looks, telling nobody. */
    follow(other) {
      quiet = true;
      camera.setPosition(...other.getPosition());
      camera.setFocalPoint(...other.getFocalPoint());
      camera.setViewUp(...other.getViewUp());
      camera.setViewAngle(other.getViewAngle());
      quiet = false;
      target.renderer.resetCameraClippingRange();
      target.draw();
    },
    camera,
    destroy() {
      following.unsubscribe();
      element.removeEventListener('keydown', key);
      element.removeEventListener('pointerdown', focus);
      interactor.unbindEvents();
      target.destroy();
    },
  };
}
