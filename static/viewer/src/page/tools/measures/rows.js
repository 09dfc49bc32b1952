/** The measures of a mask as rows of the panel: their names, values and units in words. */
/** @import { DrawnFormula, DrawnLine, Plane, Texts } from '../../../types.js' */

/**
 * @typedef {{value: ?number, uncertainty?: number, reason?: string, edited_by?: string, automatic?: ?number}} Quantity
 * @typedef {{plane: Plane, lines_mm: DrawnLine[], guides_mm: DrawnLine[], formula: DrawnFormula}} Drawing
 * @typedef {{target: string, lines_mm: DrawnLine[], author: string, url: string}} Edit
 * @typedef {{upper: string, lower: string, values: Record<string, Quantity>, meyerding_grade: ?number}} Disc
 */

/**
 * A row: `key` is the target of its drawing, `unit` begins with a space where one belongs.
 *
 * @typedef {{key: string, name: string, quantity: Quantity, unit: string, digits: number, more: string}} Row
 */

/**
 * A vertebra or a disc with its rows.
 *
 * @typedef {{name: string, summary: string, warning: string, rows: Row[]}} Part
 */

const UNITS = /** @type {Record<string, [string, number]>} */ ({
  mm: [' mm', 1], mm2: [' mm²', 0], deg: ['°', 1], hu: [' HU', 0], ml: [' ml', 1], ratio: ['', 2], percent: [' %', 0],
});
const HEIGHTS = ['anterior', 'middle', 'posterior'];
const ROMAN = ['', 'I', 'II', 'III', 'IV', 'V'];
const BODY = [
  'anterior_height_mm', 'middle_height_mm', 'posterior_height_mm', 'wedge_ratio', 'biconcave_ratio', 'crush_ratio',
];
const REST = [
  'trabecular_mean_hu', 'trabecular_sd_hu', 'body_width_mm', 'body_depth_mm', 'volume_ml', 'canal_width_mm',
  'canal_depth_mm', 'canal_area_mm2', 'left_pedicle_width_mm', 'right_pedicle_width_mm', 'left_pedicle_height_mm',
  'right_pedicle_height_mm', 'axial_rotation_deg', 'coronal_tilt_deg', 'sagittal_tilt_deg',
];
const DISC = [
  'anterior_height_mm', 'middle_height_mm', 'posterior_height_mm', 'wedge_angle_deg', 'slip_mm', 'slip_percent',
];

/** A number with a true minus sign. @param {number} value @param {number} digits */
export const numberText = (value, digits) => {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
};

/** A row's value, with its uncertainty where it has one. @param {Row} row */
export function valueText({ quantity: { value, uncertainty }, unit, digits }) {
  if (value === null) return '–';
  const error = uncertainty ? ` ± ${numberText(uncertainty, digits)}` : '';
  return `${numberText(value, digits)}${error}${unit}`;
}

/** @param {string} measure */
const unitOf = (measure) => UNITS[measure.slice(measure.lastIndexOf('_') + 1)] ?? ['', 0];

/** @param {Texts} texts */
const rowMaker =
  (texts) =>
  /** @returns {Row} */
  (
    /** @type {string} */ key,
    /** @type {string} */ measure,
    /** @type {Quantity} */ quantity,
    name = texts[`measures.name.${measure}`],
    more = '',
  ) => {
    const [unit, digits] = unitOf(measure);
    return { key, name, quantity, unit, digits, more };
  };

/** Heights as "24.0 / 23.5 / 25.1 mm". @param {Record<string, Quantity>} values */
function heights(values) {
  const found = HEIGHTS.map((place) => values[`${place}_height_mm`]?.value ?? null);
  return found.every((value) => value === null)
    ? ''
    : `${found.map((value) => (value === null ? '–' : numberText(value, 1))).join(' / ')} mm`;
}

/** @param {any} measures @param {Texts} texts @returns {Part[]} */
export function vertebraParts(measures, texts) {
  const make = rowMaker(texts);
  return measures.vertebrae.map((/** @type {any} */ vertebra) => {
    const { name, values, genant_grade: grade, deformity, reasons, state, confidence } = vertebra;
    const row = (/** @type {string} */ measure) => make(`vertebra/${name}/${measure}`, measure, values[measure]);
    const graded = { value: grade, reason: reasons[0] };
    const form = deformity ? texts[`measures.deformity.${deformity}`] : '';
    const genant = make(`vertebra/${name}/genant_grade`, 'genant_grade', graded, texts['measures.genant'], form);
    const hu = values.trabecular_mean_hu.value;
    const parts = [heights(values), grade ? `Genant ${grade}` : '', hu === null ? '' : `${numberText(hu, 0)} HU`];
    const why = reasons.map((/** @type {string} */ code) => texts[`measures.reason.${code}`] ?? code).join(', ');
    const unsure = ['medium', 'low'].includes(confidence) ? texts[`measures.${confidence}`] : '';
    return {
      name: name === 'sacrum' ? texts['measures.sacrum'] : name,
      summary: state === 'not_measured' ? why : parts.filter(Boolean).join(' · '),
      warning: unsure,
      rows: state === 'not_measured' ? [] : [...BODY.map(row), genant, ...REST.map(row)],
    };
  });
}

/** @param {any} measures @param {Texts} texts @returns {Part[]} */
export function discParts(measures, texts) {
  const make = rowMaker(texts);
  return measures.discs.map((/** @type {Disc} */ { upper, lower, values, meyerding_grade: grade }) => {
    const slip = grade ? texts['measures.meyerding'].replace('{grade}', ROMAN[grade]) : '';
    const rows = DISC.map((measure) => make(`disc/${upper}-${lower}/${measure}`, measure, values[measure]));
    rows[4].more = slip;
    const shownLower = lower === 'sacrum' ? 'S1' : lower;
    return { name: `${upper}–${shownLower}`, summary: heights(values), warning: slip, rows };
  });
}

/** @param {any} measures @param {Texts} texts @returns {Row[]} */
export function curveRows(measures, texts) {
  const make = rowMaker(texts);
  const curves = measures.coronal_curves.map((/** @type {any} */ curve) => {
    const { upper_end: upper, lower_end: lower, apex, convexity, scoliosis, values } = curve;
    const name = texts['measures.cobb'].replace('{upper}', upper).replace('{lower}', lower);
    const side = texts[`measures.cobb_${convexity}`].replace('{apex}', apex);
    const more = scoliosis ? `${side}, ${texts['measures.scoliosis']}` : side;
    return make(`curve/${upper}-${lower}/cobb_deg`, 'cobb_deg', values.cobb_deg, name, more);
  });
  const angles = measures.sagittal_angles.map((/** @type {any} */ { name, upper, lower, values }) => {
    const ends = [upper, lower].map((end) => endText(end, texts)).join(' – ');
    const key = `angle/${upper} to ${lower}/${name}_deg`;
    return make(key, `${name}_deg`, values.angle_deg, texts[`measures.name.${name}`], ends);
  });
  return [...curves, ...angles];
}

/** What a target names, in words: "disc/L4-L5/slip_mm". @param {string} target @param {Texts} texts */
export function targetText(target, texts) {
  const [kind, where, measure] = target.split('/');
  if (kind === 'angle') return texts[`measures.name.${measure.replace('_deg', '')}`];
  const [upper, lower] = where.split('-');
  if (kind === 'curve') return texts['measures.cobb'].replace('{upper}', upper).replace('{lower}', lower);
  return `${where} ${texts[`measures.name.${measure}`]}`;
}

/** "L1 superior" in words. @param {string} end @param {Texts} texts */
function endText(end, texts) {
  const [name, which] = end.split(' ');
  if (which === 'plane') return texts['measures.transverse'];
  return texts[`measures.${which}`].replace('{name}', name);
}
