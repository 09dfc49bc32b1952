// Light or dark. The server writes a remembered choice into the page, so nothing flashes; this switches and remembers.
// Loaded by every page, before anything else.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const ofSystem = () => (system.matches ? "dark" : "light");
  const remembered = () => /(?:^|; )theme=(light|dark)(?:;|$)/.exec(document.cookie)?.[1];

  /** @param {string} [theme] */
  function show(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", theme ?? "light dark");
  }

  // What the system would choose anyway is not remembered: the page then follows the system again.
  /** @param {string} theme */
  function remember(theme) {
    const seconds = theme === ofSystem() ? 0 : 365 * 24 * 3600;
    document.cookie = `theme=${theme}; path=/; max-age=${seconds}; samesite=lax`;
  }

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element && event.target.closest('[data-testid="theme-switch"]'))) return;
    remember((remembered() ?? ofSystem()) === "dark" ? "light" : "dark");
    show(remembered());
  });
  window.addEventListener("pageshow", () => show(remembered())); // a page kept by "back" may be of another choice
})();
