// Light or dark. A page follows the system, or begins with a theme of its own: pictures are read in the dark. The
// server writes a remembered choice into the page, so nothing flashes; this switches and remembers.
// Loaded by every page, before anything else.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const ofSystem = () => (system.matches ? "dark" : "light");
  const usual = () => root.dataset.defaultTheme ?? ofSystem();
  const remembered = () => /(?:^|; )theme=(light|dark)(?:;|$)/.exec(document.cookie)?.[1];

  /** @param {string} [theme] */
  function show(theme) {
    const shown = theme ?? root.dataset.defaultTheme;
    if (shown) root.dataset.theme = shown;
    else delete root.dataset.theme;
    document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", shown ?? "light dark");
  }

  // What the page would choose anyway is not remembered: it then follows the system again.
  /** @param {string} theme */
  function remember(theme) {
    const seconds = theme === usual() ? 0 : 365 * 24 * 3600;
    document.cookie = `theme=${theme}; path=${root.dataset.root ?? ""}/; max-age=${seconds}; samesite=lax`;
  }

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element && event.target.closest('[data-testid="theme-switch"]'))) return;
    remember((remembered() ?? usual()) === "dark" ? "light" : "dark");
    show(remembered());
  });
  window.addEventListener("pageshow", () => show(remembered())); // a page kept by "back" may be of another choice
})();
