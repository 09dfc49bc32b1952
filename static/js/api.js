// Requests to the server, and what it answers.

import { t } from "./words.js";

/** @typedef {{code: string, message: string, hint?: string | null}} Problem as the API describes it */
/** @typedef {{code: string, message: string, values: Record<string, string | number>}} Note a remark on a scan */

/**
 * @typedef {object} Job
 * @property {string} state
 * @property {string} stage
 * @property {number} progress 0 to 1
 * @property {number | null} eta_s
 * @property {number | null} [place] in the queue, from 1
 * @property {number | null} dice
 * @property {Problem | null} error
 */

/**
 * @typedef {object} Study
 * @property {string} id
 * @property {string} name
 * @property {string} url
 * @property {string} created_at
 * @property {number} size_bytes
 * @property {number[]} shape
 * @property {number[]} spacing_mm
 * @property {boolean} has_reference
 * @property {Note[]} notes
 * @property {string} thumbnail_url
 * @property {string} state
 * @property {Job | null} latest_job
 * @property {string | null} verdict
 * @property {number} open_reviews
 */

/**
 * @typedef {object} Series of an upload
 * @property {string} key
 * @property {boolean} proposed
 * @property {Problem | null} problem why it cannot be used
 * @property {string} description
 * @property {number | null} number
 * @property {string} modality
 * @property {number} images
 * @property {number[] | null} spacing_mm
 * @property {string} kernel
 * @property {string | null} thumbnail_url
 * @property {Note[]} reasons
 * @property {Note[]} notes
 */

/** @typedef {{id: string, keep_identity: boolean, notes: Note[], series: Series[]}} Upload of DICOM files */

/**
 * @typedef {object} Transfer of a series from an archive
 * @property {string} id
 * @property {string} state
 * @property {number} images
 * @property {number | null} images_expected
 * @property {number} received_bytes
 * @property {string | null} url of the study
 * @property {Problem | null} error
 */

/** A request that failed, with the server's reason. */
export class ApiError extends Error {
  /** @param {Problem} problem @param {number} status 0 without an answer */
  constructor(problem, status = 0) {
    super(problem.message);
    this.code = problem.code;
    this.hint = problem.hint;
    this.status = status;
  }
}

/** The error of an answer's body, or words for an answer that has none. @param {any} body @returns {Problem} */
export function problemOf(body) {
  return body?.error ?? { code: "network", message: t("error.network_message"), hint: t("error.network_hint") };
}

/**
 * The JSON that the server answers; null where it answers nothing.
 *
 * @param {string} url
 * @param {string} method
 * @param {object} [body] sent as JSON
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export async function request(url, method = "GET", body = undefined) {
  const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let response;
  let answer;
  try {
    response = await fetch(url, { method, ...json });
    answer = response.status === 204 ? null : await response.json();
  } catch {
    throw new ApiError(problemOf(null));
  }
  if (!response.ok) throw new ApiError(problemOf(answer), response.status);
  return answer;
}
