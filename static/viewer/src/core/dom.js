/** Making elements, in a line each. */

/** @typedef {Record<string, unknown>} Attributes `on…` are listeners; what is false, null or undefined is left out */
/** @typedef {Node | string | null | undefined} Child */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @template {Element} Made
 * @param {Made} node
 * @param {Attributes} attributes
 * @param {Child[]} children
 * @returns {Made}
 */
function fill(node, attributes, children) {
  Object.entries(attributes).forEach(([name, value]) => {
    if (typeof value === 'function') node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value !== false && value !== null && value !== undefined)
      node.setAttribute(name, value === true ? '' : String(value));
  });
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * An HTML element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {...Child} children
 */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * An SVG element.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {...Child} children
 */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * A button.
 *
 * @param {string} text
 * @param {string} testid
 * @param {(event: Event) => void} onclick
 * @param {Attributes} attributes
 */
export function button(text, testid, onclick, attributes = {}) {
  return make('button', { type: 'button', 'data-testid': testid, onclick, ...attributes }, text);
}

/**
 * Follow a pointer that was pressed, wherever it goes, until it is let go.
 *
 * @param {(event: PointerEvent) => void} move
 * @param {() => void} end
 */
export function followPointer(move, end) {
  const ends = /** @type {const} */ (['pointerup', 'pointercancel']);
  const stop = () => {
    window.removeEventListener('pointermove', move);
    ends.forEach((type) => window.removeEventListener(type, stop));
    end();
  };
  window.addEventListener('pointermove', move);
  ends.forEach((type) => window.addEventListener(type, stop));
}

/** What a form's field holds that an event came from. @param {Event} event */
export const valueOf = (event) => /** @type {HTMLInputElement} */ (event.target).value;
