// Uploads that go on where they stopped when the connection comes back: the tus protocol at /uploads.

import { ApiError, problemOf } from "./api.js";
import { at } from "./dom.js";

/** @typedef {{field: string, name: string, file: File}} Part one file of an upload */

/**
 * @typedef {object} Listener
 * @property {(sent: number, total: number) => void} onProgress in bytes
 * @property {() => void} onWaiting the connection is away, and is tried again
 */

const ADDRESS = at("/uploads");
const TUS = at("/static/viewer/dist/tus.js");
const PIECE_BYTES = 16 << 20; // proxies that collect a request before they pass it on hold this much
const AGAIN_MS = [0, 1000, 2000, 5000, ...Array(60).fill(10_000)]; // ten minutes without a byte
const OVERLOADED = [502, 503, 504];

/** @param {number} ms */
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** One upload of one or many files, sent one behind the other; `run` may be called once. */
export class ResumableUpload {
  /**
   * @param {"study" | "import"} kind what the server makes of it
   * @param {Part[]} parts
   * @param {Listener} listener
   * @param {{alias?: string, group?: string}} [naming] of the study
   */
  constructor(kind, parts, listener, naming = {}) {
    this.kind = kind;
    this.parts = parts;
    this.listener = listener;
    this.naming = naming;
    this.cancelled = false;
    /** @type {import("../viewer/src/upload/tus.js").Upload | null} */
    this.upload = null;
    /** @type {(reason: Error) => void} */
    this.giveUp = () => {};
  }

  /**
   * Send everything; what the server made of it.
   *
   * @returns {Promise<any>}
   * @throws {ApiError}
   */
  async run() {
    const address = await this.send();
    return await this.finish(address);
  }

  /** Stop, and let the server forget what has come. */
  cancel() {
    this.cancelled = true;
    this.upload?.abort(true).catch(() => {}); // else it expires
    this.giveUp(new ApiError(problemOf(null)));
  }

  /** Send the bytes; the address of the upload. @returns {Promise<string>} */
  async send() {
    /** @type {typeof import("../viewer/src/upload/tus.js")} */
    const tus = await import(TUS);
    return await new Promise((resolve, reject) => {
      this.giveUp = reject;
      const upload = new tus.Upload(new Blob(this.parts.map(({ file }) => file)), {
        endpoint: ADDRESS,
        chunkSize: PIECE_BYTES,
        retryDelays: AGAIN_MS,
        storeFingerprintForResuming: false, // a file's name can be a patient's
        onProgress: (sent, total) => this.listener.onProgress(sent, total ?? sent),
        onShouldRetry: (error) => this.isWorthAnotherTry(error),
        onError: (error) => reject(errorOf(error)),
        onSuccess: () => resolve(/** @type {string} */ (upload.url)),
      });
      this.upload = upload;
      if (this.cancelled) reject(new ApiError(problemOf(null)));
      else upload.start();
    });
  }

  /** @param {Error | import("../viewer/src/upload/tus.js").DetailedError} error */
  isWorthAnotherTry(error) {
    const status = statusOf(error);
    const again = !this.cancelled && (!status || OVERLOADED.includes(status) || status === 409);
    if (again) this.listener.onWaiting();
    return again;
  }

  /** Let the server read what has come; asked again after a dropped connection. @param {string} address */
  async finish(address) {
    const files = this.parts.map(({ field, name, file }) => ({ field, name, size: file.size }));
    for (const ms of AGAIN_MS) {
      await pause(ms);
      try {
        return await post(`${address}/${this.kind}`, { files, ...this.naming });
      } catch (error) {
        if (!(error instanceof ApiError) || (error.status && !OVERLOADED.includes(error.status))) throw error;
        this.listener.onWaiting();
      }
    }
    throw new ApiError(problemOf(null));
  }
}

/**
 * @param {string} address
 * @param {object} body
 */
async function post(address, body) {
  const headers = { "Content-Type": "application/json" };
  let response;
  let answer;
  try {
    response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    answer = await response.json();
  } catch {
    throw new ApiError(problemOf(null));
  }
  if (!response.ok) throw new ApiError(problemOf(answer), response.status);
  return answer;
}

/** @param {Error | import("../viewer/src/upload/tus.js").DetailedError} error */
const statusOf = (error) => ("originalResponse" in error ? (error.originalResponse?.getStatus() ?? 0) : 0);

/** @param {Error | import("../viewer/src/upload/tus.js").DetailedError} error */
function errorOf(error) {
  let body = null;
  try {
    if ("originalResponse" in error) body = JSON.parse(error.originalResponse?.getBody() ?? "null");
  } catch {
    // no answer of ours
  }
  return new ApiError(problemOf(body), statusOf(error));
}
