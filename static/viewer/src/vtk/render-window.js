/** One vtk.js render window in one element: made, sized, drawn on demand, taken down. */
import '@kitware/vtk.js/Rendering/OpenGL/RenderWindow.js';
import '@kitware/vtk.js/Rendering/OpenGL/Profiles/Volume.js';
import '@kitware/vtk.js/Rendering/OpenGL/Profiles/Geometry.js';
import vtkRenderWindow from '@kitware/vtk.js/Rendering/Core/RenderWindow.js';
import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js';

const BACKGROUND = [0.02, 0.031, 0.043]; // --viewport of tokens.css

/**
 * What this browser draws with: { webgl2, software, most3d, tablet }; `software` means a processor does a graphics card's
 * work, `most3d` is the longest side of a 3D texture. What memory there is, browsers do not say over plain HTTP; a device
 * that is held by fingers is taken for one that has little.
 */
export function graphics() {
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
 * @param {(view: object) => void} onReplaced called with the new vtkOpenGLRenderWindow
 */
function createView(renderWindow, element, onReplaced) {
  let view = null;
  let timer = 0;

  function open() {
    view = renderWindow.newAPISpecificView('WebGL');
    renderWindow.addView(view);
    view.setContainer(element);
    const canvas = view.getCanvas();
    canvas.setAttribute('aria-hidden', 'true');
    canvas.addEventListener('webglcontextlost', wait);
    canvas.addEventListener('webglcontextrestored', replace);
    element.prepend(canvas); // below what lies above the picture
  }
  function close() {
    clearTimeout(timer);
    const canvas = view.getCanvas();
    canvas.removeEventListener('webglcontextlost', wait);
    canvas.removeEventListener('webglcontextrestored', replace);
    view.setContainer(null);
    renderWindow.removeView(view);
    view.delete();
  }
  function wait(event) {
    event.preventDefault(); // else the browser never gives it back
    timer = setTimeout(replace, LOST_MS);
  }
  function replace() {
    const size = view.getSize();
    close();
    open();
    view.setSize(...size);
    onReplaced(view);
  }

  open();
  return {
    get now() {
      return view;
    },
    close,
  };
}

/**
 * A render window filling `element`. Nothing is drawn until `draw()`, which draws once in the next frame.
 *
 * @param {(size: number[]) => void} onResize called with [width, height] in CSS px, before it is drawn
 * @param {number} scale drawn pixels a screen pixel; below 1 coarser and faster
 */
export function createWindow(element, onResize, scale = 1) {
  const renderWindow = vtkRenderWindow.newInstance();
  const renderer = vtkRenderer.newInstance({ background: BACKGROUND });
  renderWindow.addRenderer(renderer);
  let replaced = () => {};
  const view = createView(renderWindow, element, (next) => {
    replaced(next);
    draw();
  });
  let frame = 0;
  let size = [0, 0];

  const draw = () => {
    if (frame || size[0] < 2 || size[1] < 2) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      renderWindow.render();
    });
  };

  const resize = () => {
    const next = [element.clientWidth, element.clientHeight];
    if (next[0] === size[0] && next[1] === size[1]) return;
    size = next;
    if (size[0] < 2 || size[1] < 2) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 2) * scale;
    view.now.setSize(Math.round(size[0] * ratio), Math.round(size[1] * ratio));
    onResize(size);
    draw();
  };
  const observer = new ResizeObserver(resize);
  observer.observe(element);

  return {
    renderer,
    renderWindow,
    /** The vtkOpenGLRenderWindow; another one after `onReplaced`. */
    get view() {
      return view.now;
    },
    /** Call `listener(view)` when a lost context was replaced. */
    onReplaced(listener) {
      replaced = listener;
    },
    draw,
    size: () => size,
    start: resize,
    destroy() {
      observer.disconnect();
      cancelAnimationFrame(frame);
      view.close();
      renderWindow.delete();
    },
  };
}
