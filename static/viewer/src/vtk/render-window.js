/** One vtk.js render window in one element: made, sized, drawn on demand, taken down. */
// What vtk.js needs to draw what is drawn here; its "profiles" would bring five times as many mappers along.
import '@kitware/vtk.js/Rendering/OpenGL/RenderWindow.js';
import '@kitware/vtk.js/Rendering/OpenGL/Actor.js';
import '@kitware/vtk.js/Rendering/OpenGL/Camera.js';
import '@kitware/vtk.js/Rendering/OpenGL/PolyDataMapper.js';
import '@kitware/vtk.js/Rendering/OpenGL/Renderer.js';
import '@kitware/vtk.js/Rendering/OpenGL/Texture.js';
import '@kitware/vtk.js/Rendering/OpenGL/Volume.js';
import '@kitware/vtk.js/Rendering/OpenGL/VolumeMapper.js';
import vtkRenderWindow from '@kitware/vtk.js/Rendering/Core/RenderWindow.js';
import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js';
import { fillElement } from '../core/filled-element.js';
/**
 * @import vtkOpenGLRenderWindow from '@kitware/vtk.js/Rendering/OpenGL/RenderWindow.js'
 */

/** Red, green, blue and opacity: what lies behind is seen, --viewport, in 3D a gradient (panels.css). */
const NOTHING = /** @type {const} */ ([0, 0, 0, 0]);

/**
 * What this browser draws with: `software` means a processor does a graphics card's work, `most3d` is the longest side
 * of a 3D texture. What memory there is, browsers do not say over plain HTTP; a device with a touch screen (`tablet`)
 * is taken for one that has little. It is looked up once: each context takes long to make where there is no card.
 */
export function graphics() {
  known ??= lookedUp();
  return known;
}

/** @type {?ReturnType<typeof lookedUp>} */
let known = null;

function lookedUp() {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (!gl) return { webgl2: false, software: true, most3d: 0, tablet: false };
  const most3d = gl.getParameter(gl.MAX_3D_TEXTURE_SIZE);
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  const tablet = matchMedia('(pointer: coarse)').matches;
  return { webgl2: true, most3d, tablet, software: /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name) };
}

const LOST_MS = 2000; // after which a context that does not come back is replaced

/**
 * A canvas and its graphics context in `element`, replaced by a new pair when the context is lost: a driver that starts
 * again, or a tablet that was asleep, takes every texture away, and vtk.js does not make all of them anew.
 *
 * @param {vtkRenderWindow} renderWindow
 * @param {HTMLElement} element
 * @param {(view: vtkOpenGLRenderWindow) => void} onReplaced
 */
function createView(renderWindow, element, onReplaced) {
  let view = open();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function open() {
    const next = /** @type {vtkOpenGLRenderWindow} */ (renderWindow.newAPISpecificView('WebGL'));
    renderWindow.addView(next);
    next.setContainer(element);
    const canvas = canvasOf(next);
    canvas.setAttribute('aria-hidden', 'true');
    canvas.addEventListener('webglcontextlost', wait);
    canvas.addEventListener('webglcontextrestored', replace);
    element.prepend(canvas); // below what lies above the picture
    return next;
  }
  function close() {
    clearTimeout(timer);
    const canvas = canvasOf(view);
    canvas.removeEventListener('webglcontextlost', wait);
    canvas.removeEventListener('webglcontextrestored', replace);
    view.setContainer(/** @type {any} */ (null));
    renderWindow.removeView(view);
    view.delete();
  }
  function wait(/** @type {Event} */ event) {
    event.preventDefault(); // else the browser never gives it back
    timer = setTimeout(replace, LOST_MS);
  }
  function replace() {
    const [width, height] = view.getSize();
    close();
    view = open();
    view.setSize(width, height);
    onReplaced(view);
  }

  return {
    get now() {
      return view;
    },
    close,
  };
}

/** @param {vtkOpenGLRenderWindow} view */
const canvasOf = (view) => /** @type {HTMLCanvasElement} */ (view.getCanvas());

/**
 * A render window filling `element`. Nothing is drawn until `draw()`, which draws once in the next frame.
 *
 * @param {HTMLElement} element
 * @param {number} scale drawn pixels a screen pixel; below 1 coarser and faster
 */
export function createWindow(element, scale = 1) {
  const renderWindow = vtkRenderWindow.newInstance();
  const renderer = vtkRenderer.newInstance();
  /** @type {any} */ (renderer).setBackground(...NOTHING); // newInstance and the types take three values only
  renderWindow.addRenderer(renderer);
  /** @type {(view: vtkOpenGLRenderWindow) => void} */
  let replaced = () => {};
  const view = createView(renderWindow, element, (next) => {
    replaced(next);
    filling.draw();
  });
  const filling = fillElement(
    element,
    (size, ratio) => view.now.setSize(Math.round(size[0] * ratio * scale), Math.round(size[1] * ratio * scale)),
    () => (hasBegun ? renderWindow.render() : begin()),
  );
  let hasBegun = false;
  /** Let what is painted already be seen first: the first picture takes its time where there is no card. */
  function begin() {
    hasBegun = true;
    setTimeout(filling.draw);
  }

  return {
    ...filling,
    renderer,
    renderWindow,
    /** The vtkOpenGLRenderWindow; another one after `onReplaced`. */
    get view() {
      return view.now;
    },
    /** Called when a lost context was replaced. @param {(view: vtkOpenGLRenderWindow) => void} listener */
    onReplaced(listener) {
      replaced = listener;
    },
    destroy() {
      filling.destroy();
      view.close();
      renderWindow.delete();
    },
  };
}
