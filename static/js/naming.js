// What a new study shall be called, and whose it shall be: the fields beside the upload, where they are.

/** @param {string} id @returns {string} what is in a field; "" where the page has none */
function valueOf(id) {
  const field = document.getElementById(id);
  return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field.value.trim() : "";
}

/** Alias and group as the API takes them; what was not given is left out. */
export function naming() {
  const alias = valueOf("new-alias");
  const group = valueOf("new-group");
  return { ...(alias && { alias }), ...(group && { group }) };
}

/** An address with the group of the study that is made there. @param {string} address */
export function withGroup(address) {
  const { group } = naming();
  return group ? `${address}?group=${encodeURIComponent(group)}` : address;
}

/** Forget the alias once a study has it. */
export function forgetAlias() {
  const field = document.getElementById("new-alias");
  if (field instanceof HTMLInputElement) field.value = "";
}
