/**
 * A film of the 3D view turning once about the patient, 1920 x 1080. All pictures are made first, however long that
 * takes, and then played into the browser's recorder, which keeps the time: while a busy processor draws, it would drop
 * most of them.
 */

export const VIDEO_SIZE = [1920, 1080];
const TYPES = ['video/mp4;codecs=avc1.640028', 'video/mp4', 'video/webm;codecs=vp9', 'video/webm'];
const FRAMES_A_SECOND = 24;
const SECONDS = 5;
const COARSE = { frames: 12, rate: 4 }; // where a processor does a graphics card's work
const BITS_A_SECOND = 12e6;
const JPEG_QUALITY = 0.95;

/** What this browser can record; '' if nothing. */
export const videoType = () =>
  typeof MediaRecorder === 'undefined' ? '' : (TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? '');

/** The ending of a film's name. @param {string} type */
export const endingOf = (type) => (type.startsWith('video/mp4') ? 'mp4' : 'webm');

/** @param {number} ms */
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
const pictureOf = (canvas) =>
  new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error('no picture'))), 'image/jpeg', JPEG_QUALITY),
  );

/**
 * Play pictures into a recorder.
 *
 * @param {Blob[]} pictures
 * @param {number} rate pictures a second
 * @param {string} type
 * @returns {Promise<Blob>}
 */
async function play(pictures, rate, type) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = VIDEO_SIZE;
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const stream = canvas.captureStream(0);
  const [track] = /** @type {CanvasCaptureMediaStreamTrack[]} */ (stream.getVideoTracks());
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS_A_SECOND });
  /** @type {Blob[]} */
  const parts = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const stopped = new Promise((done) => recorder.addEventListener('stop', done));
  recorder.start();
  const begun = performance.now();
  for (let n = 0; n <= pictures.length; n += 1) {
    const bitmap = await createImageBitmap(pictures[n % pictures.length]); // the last is the first: it goes round
    await pause(begun + (1000 * n) / rate - performance.now());
    ctx.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    track.requestFrame();
  }
  await pause(1000 / rate);
  recorder.stop();
  await stopped;
  track.stop();
  return new Blob(parts, { type: type.split(';')[0] });
}

/**
 * @param {() => HTMLCanvasElement} paint the view as it is now, VIDEO_SIZE large
 * @param {(degrees: number) => void} turn the camera about the patient's long axis
 * @param {(fraction: number) => void} progress
 * @param {{type: string, coarse: boolean}} how `type` of videoType; whether no graphics card helps
 */
export async function recordVideo(paint, turn, progress, { type, coarse }) {
  const { frames, rate } = coarse ? COARSE : { frames: FRAMES_A_SECOND * SECONDS, rate: FRAMES_A_SECOND };
  const pictures = [];
  for (let n = 0; n < frames; n += 1) {
    pictures.push(await pictureOf(paint()));
    turn(360 / frames);
    progress((n + 1) / (frames + frames / 4));
    await pause(0); // the page stays usable
  }
  const film = await play(pictures, rate, type);
  progress(1);
  return film;
}
