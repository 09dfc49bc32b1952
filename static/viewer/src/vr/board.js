/** A board of words in the headset's room: that this is for research, and what is so now. Pages are not seen there. */
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkPlaneSource from '@kitware/vtk.js/Filters/Sources/PlaneSource.js';
import vtkTexture from '@kitware/vtk.js/Rendering/Core/Texture.js';
import { mat4 } from 'gl-matrix';
/** @import { Vec3 } from '../types.js' */

/** @typedef {{text: string, alarm?: boolean}} Line */

const [WIDTH, HEIGHT] = [1024, 384]; // px
const [WIDE_MM, HIGH_MM] = [480, 180];
const LINE_PX = 92;

/** What a colour of tokens.css is here. @param {HTMLElement} element @param {string} name */
function colour(element, name) {
  element.style.color = `var(${name})`;
  return getComputedStyle(element).color;
}

/**
 * Draw the words, the first of them as a banner.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Line[]} lines
 * @param {(name: string) => string} token colour by name
 */
function write(context, lines, token) {
  context.fillStyle = token('--surface-0');
  context.fillRect(0, 0, WIDTH, HEIGHT);
  lines.forEach(({ text, alarm }, n) => {
    const top = n * LINE_PX + (n ? 8 : 0);
    if (!n || alarm) {
      context.fillStyle = token(n ? '--alarm' : '--research');
      context.fillRect(0, top, WIDTH, LINE_PX);
    }
    context.fillStyle = token(!n || alarm ? '--on-bright' : '--text');
    context.font = `${n ? '' : 'bold '}${n ? 50 : 58}px sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(text, WIDTH / 2, top + LINE_PX / 2, WIDTH - 32);
  });
}

/** @param {HTMLElement} element of the page, whose colours it has */
export function createBoard(element) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const texture = vtkTexture.newInstance({ interpolate: true, resizable: true }); // else it could be filled only once
  texture.setCanvas(canvas);
  const source = vtkPlaneSource.newInstance({
    origin: [-WIDE_MM / 2, 0, 0],
    point1: [WIDE_MM / 2, 0, 0],
    point2: [-WIDE_MM / 2, HIGH_MM, 0],
  });
  const mapper = vtkMapper.newInstance({ scalarVisibility: false });
  mapper.setInputConnection(source.getOutputPort());
  const actor = vtkActor.newInstance();
  actor.setMapper(mapper);
  actor.addTexture(texture);
  actor.getProperty().setLighting(false);
  actor.setPickable(false);
  actor.setUseBounds(false);
  let written = '';
  return {
    actor,
    /** @param {Line[]} lines */
    set(lines) {
      const next = JSON.stringify(lines);
      if (next === written) return;
      written = next;
      write(context, lines, (name) => colour(element, name));
      /** @type {any} */ (texture).modified(); // which its types lack
    },
    /**
     * Stand above a place of the room and face the wearer.
     *
     * @param {mat4} worldFromRoom mm
     * @param {Vec3} above mm of the room, the middle of its lower edge
     * @param {Vec3} eyes mm of the room
     */
    face(worldFromRoom, above, eyes) {
      const yaw = Math.atan2(eyes[0] - above[0], eyes[2] - above[2]);
      const matrix = mat4.fromTranslation(mat4.create(), above);
      mat4.rotateY(matrix, matrix, yaw);
      actor.setUserMatrix(mat4.multiply(mat4.create(), worldFromRoom, matrix));
    },
  };
}
