/** Making elements, in a line each. */

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  Object.entries(attributes).forEach(([name, value]) => {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? '' : value);
  });
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** An HTML element: `on…` attributes are listeners, false leaves one out. */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

export function button(text, testid, onclick, attributes = {}) {
  return make('button', { type: 'button', 'data-testid': testid, onclick, ...attributes }, text);
}
