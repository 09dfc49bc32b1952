// Elements of the page, with a check that they are what the script takes them for; and the path that all pages are
// below.

/** Of a server that lives below a path of another site; "" of one that has a name of its own. */
const root = globalThis.document?.documentElement?.dataset?.root ?? "";

/** The address that is asked for, of a path on this server. @param {string} path */
export const at = (path) => root + path;

/**
 * @template {Element} Kind
 * @param {Node | null} node
 * @param {new () => Kind} kind
 * @param {string} name
 * @returns {Kind}
 */
function checked(node, kind, name) {
  if (node instanceof kind) return node;
  throw new Error(`the page has no ${kind.name} ${name}`);
}

/** An element of the page. @param {string} id @throws {Error} where there is none */
export const byId = (id) => checked(document.getElementById(id), HTMLElement, id);

/**
 * An element of the page that is of one kind.
 *
 * @template {Element} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 */
export const elementById = (id, kind) => checked(document.getElementById(id), kind, id);

/**
 * The first descendant of one kind that a selector matches.
 *
 * @template {Element} Kind
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => Kind} kind
 */
export const descendant = (parent, selector, kind) => checked(parent.querySelector(selector), kind, selector);

/** The descendant marked `data-part="name"`. @param {ParentNode} parent @param {string} name */
export const part = (parent, name) => descendant(parent, `[data-part=${name}]`, HTMLElement);

/** A fresh copy of what is in a <template>. @param {string} id */
export function copyOfTemplate(id) {
  const { content } = elementById(id, HTMLTemplateElement);
  return checked(content.firstElementChild?.cloneNode(true) ?? null, HTMLElement, id);
}
