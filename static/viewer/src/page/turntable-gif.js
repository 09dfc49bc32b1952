/**
 * A clip of the 3D view turning once about the patient, as an animated GIF: every browser can write one, none drops a
 * frame where its processor is busy (a MediaRecorder does), and every slide show plays it.
 */
import { GIFEncoder, applyPalette, quantize } from 'gifenc';

const FRAMES = 60;
const FRAME_MS = 80;
export const CLIP_PX = 560; // the longest side: larger clips are too large to mail

const soon = () => new Promise((done) => setTimeout(done));

/**
 * @param {() => HTMLCanvasElement} paint the view as it is now
 * @param {(degrees: number) => void} turn the camera about the patient's long axis
 * @param {(fraction: number) => void} progress
 * @returns {Promise<Blob>}
 */
export async function recordTurn(paint, turn, progress) {
  const gif = GIFEncoder();
  for (let n = 0; n < FRAMES; n += 1) {
    const canvas = paint();
    const { width, height } = canvas;
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const { data } = ctx.getImageData(0, 0, width, height);
    const palette = quantize(data, 128);
    gif.writeFrame(applyPalette(data, palette), width, height, { palette, delay: FRAME_MS });
    turn(360 / FRAMES);
    progress((n + 1) / FRAMES);
    await soon(); // the page stays usable
  }
  gif.finish();
  return new Blob([gif.bytes()], { type: 'image/gif' });
}
