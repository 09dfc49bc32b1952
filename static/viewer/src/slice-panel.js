/** One plane: the CT's slice, the masks' slices above it, and the overlay of crosshair, letters and numbers. */
import vtkImageMapper from '@kitware/vtk.js/Rendering/Core/ImageMapper.js';
import vtkImageSlice from '@kitware/vtk.js/Rendering/Core/ImageSlice.js';
import { SlicingMode } from '@kitware/vtk.js/Rendering/Core/ImageMapper/Constants.js';
import {
  PLANES, axisVector, fitView, indexToPlane, indexToWorld, panBy, planeToIndex, planeToScreen, screenToPlane, zoomAt,
} from './geometry.js';
import { listen } from './gestures.js';
import { createOverlay } from './overlay.js';
import { labelTables } from './transfer.js';
import { createWindow } from './window.js';

const MODES = [SlicingMode.I, SlicingMode.J, SlicingMode.K];
const KEYS = { ArrowLeft: ['u', -1], ArrowRight: ['u', 1], ArrowUp: ['v', 1], ArrowDown: ['v', -1] };
const SCROLL_KEYS = { PageUp: 1, PageDown: -1, '[': -1, ']': 1 };

/**
 * @param {HTMLElement} element filled by the panel
 * @param {string} plane a key of PLANES
 * @param {object} scene { grid, image, crosshair, hover(index | null), tool(), windowing(dx, dy), windowed(), linked(view) }
 */
export function createSlicePanel(element, plane, scene) {
  const { grid, crosshair } = scene;
  const { axis, u, v } = PLANES[plane];
  const towards = axisVector(grid, axis, plane === 'coronal' ? -1 : 1);
  const up = axisVector(grid, v[0], v[1]);
  let view = null;
  let untouched = true;
  const slices = [];

  const target = createWindow(element, (size) => {
    if (!view || untouched) view = fitView(grid, plane, size);
    aim();
  });
  const labels = createOverlay(element, plane);
  const camera = target.renderer.getActiveCamera();
  camera.setParallelProjection(true);

  function sliceOf(image) {
    const mapper = vtkImageMapper.newInstance();
    mapper.setInputData(image);
    mapper.setSlicingMode(MODES[axis]);
    mapper.setSlice(crosshair.index[axis]);
    const actor = vtkImageSlice.newInstance();
    actor.setMapper(mapper);
    target.renderer.addViewProp(actor);
    slices.push(actor);
    return actor;
  }
  const ct = sliceOf(scene.image);
  ct.getProperty().setInterpolationTypeToLinear();
  ct.getProperty().setUseLookupTableScalarRange(false);
  let overlays = [];

  function aim() {
    if (!view) return;
    const at = planeToIndex(grid, plane, view.centre, crosshair.index);
    const focus = indexToWorld(grid, at);
    const distance = 2000;
    camera.setFocalPoint(...focus);
    camera.setPosition(...focus.map((x, n) => x - towards[n] * distance));
    camera.setViewUp(...up);
    camera.setParallelScale((target.size()[1] / 2) * view.mmPerPx);
    camera.setClippingRange(distance - 800, distance + 800);
    placeOverlay();
    target.draw();
  }

  function placeOverlay() {
    const size = target.size();
    const at = planeToScreen(view, size, indexToPlane(grid, plane, crosshair.index));
    labels.place(at, size, crosshair.index[axis] + 1, grid.shape[axis], view.mmPerPx);
  }

  const indexAt = (at) => planeToIndex(grid, plane, screenToPlane(view, target.size(), at), crosshair.index);

  function change(next) {
    view = next;
    untouched = false;
    aim();
    scene.linked?.(view);
  }

  function reset() {
    untouched = true;
    view = fitView(grid, plane, target.size());
    aim();
    scene.linked?.(view);
  }

  function key(event) {
    const [direction, by] = KEYS[event.key] ?? [];
    const middle = target.size().map((n) => n / 2);
    if (direction) {
      const [along, sign] = direction === 'u' ? u : v;
      crosshair.step(along, by * sign);
    } else if (event.key in SCROLL_KEYS) crosshair.step(axis, SCROLL_KEYS[event.key]);
    else if (event.key === '+' || event.key === '=') change(zoomAt(view, target.size(), middle, 1.2));
    else if (event.key === '-') change(zoomAt(view, target.size(), middle, 1 / 1.2));
    else if (event.key === 'r' || event.key === 'Home') reset();
    else return;
    event.preventDefault();
  }

  const stopListening = listen(
    element,
    {
      crosshair: (at) => crosshair.moveTo(indexAt(at)),
      scroll: (steps) => crosshair.step(axis, -steps),
      zoom: (at, factor) => change(zoomAt(view, target.size(), at, factor)),
      pan: (dx, dy) => change(panBy(view, dx, dy)),
      windowing: scene.windowing,
      windowed: scene.windowed,
      hover: (at) => scene.hover(at && indexAt(at)),
      key,
    },
    scene.tool,
  );

  const stopFollowing = crosshair.onMove((index) => {
    slices.forEach((slice) => slice.getMapper().setSlice(index[axis]));
    aim();
  });

  function paint({ actor, colours }, opacity) {
    const { colour, alpha, linear } = labelTables(colours, opacity);
    const property = actor.getProperty();
    property.setRGBTransferFunction(0, colour);
    property.setPiecewiseFunction(0, alpha);
    property.setUseLookupTableScalarRange(true);
    if (linear) property.setInterpolationTypeToLinear();
    else property.setInterpolationTypeToNearest();
  }

  function setOpacity(opacity) {
    overlays.forEach((overlaid) => paint(overlaid, opacity));
    target.draw();
  }

  function setMasks(masks, opacity) {
    overlays.forEach(({ actor }) => {
      target.renderer.removeViewProp(actor);
      slices.splice(slices.indexOf(actor), 1);
    });
    overlays = masks.map(({ image, colours }) => {
      const actor = sliceOf(image);
      actor.getMapper().setResolveCoincidentTopologyToPolygonOffset();
      actor.getMapper().setResolveCoincidentTopologyPolygonOffsetParameters(-2, -2);
      return { actor, colours };
    });
    setOpacity(opacity);
  }

  target.start();
  return {
    setMasks,
    setOpacity,
    reset,
    /** [level, width] in HU. */
    setWindow([level, width]) {
      ct.getProperty().setColorLevel(level);
      ct.getProperty().setColorWindow(width);
      target.draw();
    },
    /** Take over another panel's view of the same plane, telling nobody. */
    follow(next) {
      view = next;
      untouched = false;
      aim();
    },
    destroy() {
      stopListening();
      stopFollowing();
      labels.destroy();
      target.destroy();
    },
  };
}
