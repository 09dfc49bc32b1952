/** Shapes of what the server keeps; webapp/api/navigation/schemas.py describes them. */

/**
 * @typedef {object} Plan
 * @property {number} number
 * @property {string} mask_id
 * @property {import('../../../navigation/guidance.js').Screw[]} screws
 * @property {{level: string, side: string, reason: {message: string}}[]} not_proposed
 */

/**
 * @typedef {object} Registration
 * @property {number} number
 * @property {string} level
 * @property {'accepted' | 'needs_more_points' | 'not_to_be_trusted'} verdict
 * @property {{code: string, message: string, hint: string}[]} reasons
 * @property {string} created_at
 * @property {string} author
 * @property {string} file
 * @property {number[][]} image_from_tracker rows, mm
 * @property {[number, number, number][]} points_ras_mm
 * @property {number[]} residuals_mm
 * @property {[number, number, number][]} suggested_points_ras_mm
 * @property {number | null} surface_rms_mm
 * @property {number | null} expected_tre95_mm
 * @property {number | null} coverage
 * @property {number | null} fre_mm
 * @property {number | null} previous
 * @property {number | null} change_mm
 * @property {number | null} change_deg
 */

/**
 * @typedef {object} Touch a check of a registration
 * @property {number} number
 * @property {number} registration
 * @property {string} place
 * @property {number | null} error_mm
 * @property {number} surface_mm
 * @property {number | null} moved_mm
 * @property {'good' | 'repeat' | 'off' | 'drifted'} state
 * @property {{code: string, message: string, hint: string}[]} reasons
 */

/**
 * A file as the server wants it within JSON.
 *
 * @param {File} file
 * @returns {Promise<{name: string, content: string}>} content in base64
 */
export const packed = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ name: file.name, content: String(reader.result).split(',')[1] ?? '' });
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
