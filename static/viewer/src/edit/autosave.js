/** Keeps a correction on the server while it is made: the changed blocks alone, a moment after each change. */
import { bodiesOf, deflated, inflated, joinBlocks, separateBlocks } from './blocks.js';
/** @import { LabelBox } from '../types.js' */
/** @import { LabelVolume } from './label-volume.js' */

/** @typedef {'saved' | 'unsaved' | 'saving' | 'offline' | 'elsewhere' | 'refused'} SaveState */
/** @typedef {{id: string, records: number, newest: string, changed_at: string, who: string}} Draft */

const AFTER_MS = 700; // without a change
const AGAIN_MS = 3000; // after a failure
const MOST_BLOCKS = 256; // of one body: 8 MiB before they are deflated
const MOST_BODY = 950_000; // bytes: the server takes a million

/** What a server refused, with its code. */
export class Refused extends Error {
  /** @param {number} status @param {{code?: string, message?: string, hint?: string}} error */
  constructor(status, { code = '', message = '', hint = '' }) {
    super([message, hint].filter(Boolean).join(' '));
    this.status = status;
    this.code = code;
  }
}

/**
 * @param {string} url
 * @param {RequestInit} [init]
 * @throws {Refused}
 */
export async function ask(url, init) {
  const response = await fetch(url, { credentials: 'same-origin', ...init });
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new Refused(response.status, body.error ?? { message: `${response.status}` });
}

/** A name for a draft; `crypto.randomUUID` is there on HTTPS alone. */
export const newDraftId = () =>
  [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * The labels of a draft, block after block, and how many bodies it has.
 *
 * @param {string} url of the draft
 * @returns {Promise<{blocks: LabelBox[], records: number}>}
 */
export async function readDraft(url) {
  const bodies = bodiesOf(await (await ask(url)).arrayBuffer());
  const blocks = [];
  for (const body of bodies) blocks.push(...separateBlocks(await inflated(body)));
  return { blocks, records: bodies.length };
}

export class Autosave {
  #newest = '';
  #isOver = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {?Promise<void>} */
  #running = null;
  /** What was not acknowledged, to be sent again as it was. @type {?Uint8Array} */
  #pending = null;
  #leaving = () => document.visibilityState === 'hidden' && this.flush();

  /**
   * @param {string} url of the draft
   * @param {number} records how many bodies it has
   * @param {Pick<LabelVolume, 'hasUnsaved' | 'takeUnsaved' | 'giveBack'>} volume
   * @param {(state: SaveState, newest: string, problem: string) => void} tell
   */
  constructor(url, records, volume, tell) {
    this.url = url;
    this.records = records;
    this.volume = volume;
    this.tell = tell;
    document.addEventListener('visibilitychange', this.#leaving);
  }

  /** Something was changed. */
  touch() {
    if (this.#isOver || !this.volume.hasUnsaved) return;
    clearTimeout(this.#timer);
    this.tell('unsaved', this.#newest, '');
    this.#timer = setTimeout(() => this.flush(), AFTER_MS);
  }

  /** Store what is not stored yet, now. */
  flush() {
    clearTimeout(this.#timer);
    this.#running ??= this.#send()
      .catch((error) => this.#failed(error))
      .finally(() => (this.#running = null));
    return this.#running;
  }

  /** Whether all is on the server. */
  isSaved() {
    return !this.#pending && !this.volume.hasUnsaved;
  }

  /** Whether nothing was ever changed: there is no draft then. */
  isEmpty() {
    return this.records === 0 && this.isSaved();
  }

  stop() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#leaving);
  }

  /** Blocks that fit in one body. */
  async #nextBody() {
    for (let most = MOST_BLOCKS; ; most = Math.ceil(most / 2)) {
      const taken = this.volume.takeUnsaved(most);
      const body = await deflated(joinBlocks(taken));
      if (body.length <= MOST_BODY || taken.length === 1) return body;
      this.volume.giveBack(taken);
    }
  }

  async #send() {
    while (!this.#isOver && !this.isSaved()) {
      this.tell('saving', this.#newest, '');
      this.#pending ??= await this.#nextBody();
      const init = { method: 'PATCH', body: /** @type {BodyInit} */ (this.#pending) };
      const draft = await (await ask(`${this.url}?after=${this.records}`, init)).json();
      this.#pending = null;
      this.records = draft.records;
      this.#newest = draft.newest;
    }
    if (!this.#isOver) this.tell('saved', this.#newest, '');
  }

  /** @param {unknown} error */
  #failed(error) {
    if (error instanceof Refused && error.status < 500) {
      this.#isOver = true;
      this.tell(error.code === 'draft_changed' ? 'elsewhere' : 'refused', this.#newest, error.message);
    } else {
      this.tell('offline', this.#newest, '');
      this.#timer = setTimeout(() => this.flush(), AGAIN_MS);
    }
  }
}
