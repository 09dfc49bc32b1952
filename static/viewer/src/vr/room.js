/**
 * The spine in a headset's room. It stands before the wearer, on the floor's height, and can be held, until the room is
 * aligned with the tracker: then it stands in the patient's place and cannot be moved by hand.
 */
import { Input } from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor/Constants.js';
import { mat4 } from 'gl-matrix';
import { TOUCHES, createAlignment } from './align.js';
import { createBoard } from './board.js';
import { createGuide } from './guide.js';
import { Stand } from './stand.js';
/**
 * @import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js'
 * @import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js'
 * @import { Screw } from '../navigation/guidance.js'
 * @import { Tool } from '../navigation/slices.js'
 * @import { Grid, Numbers, Texts } from '../types.js'
 * @import { AlignState } from './align.js'
 * @import { Line } from './board.js'
 */

const READ_MS = 200;
const BOARD_MM = 60; // above the spine

/**
 * What is to be seen in the room.
 *
 * @typedef {object} Wanted
 * @property {Texts} texts
 * @property {Screw[]} screws
 * @property {Screw | null} target
 * @property {Tool | null} tool
 * @property {Line[]} lines what is so now of the tool; they stand below the banner
 * @property {Numbers[] | null} imageFromTracker rows, mm, of a registration that is accepted; null without one
 * @property {Numbers | null} touch where the tool's tip is, mm of the tracker; null where that is not so now
 */

/**
 * @typedef {object} Scene
 * @property {Grid} grid
 * @property {HTMLElement} element
 * @property {vtkRenderer} renderer
 * @property {vtkActor[]} actors the spine
 * @property {Numbers} bounds of the spine, mm
 */

/** @typedef {{isPlaced: boolean, canAlign: boolean, touches: number, rms: number, said: AlignState | ''}} Alignment */

/**
 * The words of the board: the banner, what is so of the tool, and whether this is the patient's place.
 *
 * @param {Pick<Wanted, 'texts' | 'lines'>} wanted
 * @param {Alignment} alignment
 * @returns {Line[]}
 */
export function linesIn({ texts, lines }, { isPlaced, canAlign, touches, rms, said }) {
  const banner = { text: texts['nav.research'] };
  if (isPlaced) return [banner, ...lines, { text: `${texts['xr.placed']} ${rms.toFixed(1)} mm` }];
  const free = { text: texts['xr.free'], alarm: true };
  if (!canAlign) return [banner, ...lines, free];
  const why = said === 'off' || said === 'line' ? texts[`xr.${said}`] : texts['xr.touch'];
  return [banner, ...lines.slice(0, 1), free, { text: `${Math.min(touches, TOUCHES)}/${TOUCHES} · ${why}` }];
}

export class Room {
  #wanted;
  #session;
  #actors;
  #stand;
  #board;
  #guide;
  #boardAt;
  #touches = createAlignment();
  #roomFromTracker = /** @type {?mat4} */ (null);
  #said = /** @type {AlignState | ''} */ ('');
  #rms = NaN;
  #frame = 0;
  #shown = { alarms: '', at: -Infinity };

  /** @param {any} session WebXR's @param {Scene} scene @param {Wanted} wanted */
  constructor(session, { grid, element, renderer, actors, bounds }, wanted) {
    this.#wanted = wanted;
    this.#session = session;
    this.#actors = actors;
    this.#stand = new Stand(renderer.getActiveCamera(), grid, bounds);
    this.#board = createBoard(element);
    this.#guide = createGuide(renderer);
    this.#boardAt = Math.max((bounds[5] - bounds[4]) / 2, 100) + BOARD_MM;
    renderer.addActor(this.#board.actor);
  }

  start() {
    this.#stand.start(this.#session);
    this.#session.addEventListener('selectstart', this.#touched);
    this.#frame = this.#session.requestAnimationFrame(this.#each);
    this.#guide.set(this.#wanted.screws, this.#wanted.target);
    this.#guide.setTool(this.#wanted.tool);
    this.#show();
  }

  stop() {
    this.#session.cancelAnimationFrame(this.#frame);
  }

  /** @param {Wanted} next */
  update(next) {
    const last = this.#wanted;
    this.#wanted = next;
    if (next.screws !== last.screws || next.target !== last.target) this.#guide.set(next.screws, next.target);
    if (next.imageFromTracker !== last.imageFromTracker) this.#settle();
    this.#guide.setTool(next.tool);
    this.#show();
  }

  /** Hands hold the spine as long as it is nowhere; while the room is aligned the trigger is for touching. */
  isFree = (/** @type {number} */ button) =>
    !this.#alignment().isPlaced && !(this.#alignment().canAlign && button === Input.Trigger);

  /** The spine, moved by hand. @param {mat4} matrix in the image */
  moved = (matrix) => {
    this.#actors.forEach((actor) => actor.setUserMatrix(matrix));
    this.#guide.place(matrix);
  };

  /** What is so, for tests and scripts. */
  state() {
    const { screws, tool } = this.#wanted;
    const { isPlaced, touches } = this.#alignment();
    const lines = linesIn(this.#wanted, this.#alignment()).map(({ text }) => text);
    return { isPlaced, touches, lines, screws: screws.length, tool, roomFromImage: [...this.#stand.roomFromImage] };
  }

  /** @returns {Alignment} */
  #alignment() {
    const [isRegistered, isAligned] = [Boolean(this.#wanted.imageFromTracker), Boolean(this.#roomFromTracker)];
    const [isPlaced, canAlign] = [isRegistered && isAligned, isRegistered && !isAligned];
    return { isPlaced, canAlign, touches: this.#touches.count, rms: this.#rms, said: this.#said };
  }

  #settle() {
    this.#stand.settle(this.#roomFromTracker, this.#wanted.imageFromTracker);
    if (this.#alignment().isPlaced) this.moved(mat4.create());
  }

  /** New figures at a pace that can be read, alarms at once. */
  #show() {
    const lines = linesIn(this.#wanted, this.#alignment());
    const alarms = lines.map(({ alarm }) => Boolean(alarm)).join();
    if (alarms === this.#shown.alarms && performance.now() - this.#shown.at < READ_MS) return;
    this.#shown = { alarms, at: performance.now() };
    this.#board.set(lines);
  }

  /** The trigger was pulled: the tool's tip is held to the end of this controller. @param {any} event */
  #touched = (event) => {
    if (!this.#alignment().canAlign || !this.#wanted.touch) return;
    const place = this.#stand.touchedAt(event);
    if (!place) return;
    const { state, rms, roomFromTracker } = this.#touches.add(place, this.#wanted.touch);
    [this.#said, this.#rms, this.#roomFromTracker] = [state, rms, roomFromTracker];
    if (roomFromTracker) {
      this.#settle();
      this.#stand.keepAt(event.frame);
    }
    this.#shown.at = -Infinity;
    this.#show();
  };

  /** @param {number} _time @param {any} frame */
  #each = (_time, frame) => {
    this.#frame = this.#session.requestAnimationFrame(this.#each);
    const eyes = this.#stand.follow(frame);
    if (!eyes) return;
    const worldFromRoom = /** @type {mat4} */ (mat4.invert(mat4.create(), this.#stand.roomFromImage));
    this.#board.face(worldFromRoom, this.#stand.above(this.#boardAt), eyes);
  };
}
