/* Before trame's client starts: tell it, the way it listens (the address bar), where this page's session is and that
   it shall reconnect by itself. It removes the session's address from the bar again. */
(() => {
  const { study, session, root = '' } = document.documentElement.dataset;
  const address = new URL(window.location.href);
  address.searchParams.set('sessionURL', `ws://use_host${root}/studies/${study}/ws/${session}`);
  address.searchParams.set('reconnect', 'auto');
  window.history.replaceState(null, '', address);
})();

/* A socket that the server refuses is closed with a code of its own: say what it means; trame's client does not. */
(() => {
  /** @param {string} text */
  const say = (text) => {
    if (document.querySelector('[data-testid=viewer-refused]')) return;
    const box = document.createElement('p');
    Object.assign(box, { className: 'sv-boot', textContent: text });
    box.dataset.testid = 'viewer-refused';
    box.setAttribute('role', 'alert');
    document.body.prepend(box);
  };
  /** @type {Record<number, string>} */
  const reasons = { 4404: 'closedGone', 4429: 'closedYours', 4503: 'closedFull' };
  window.WebSocket = class extends window.WebSocket {
    /** @param {string | URL} url @param {string | string[]} [protocols] */
    constructor(url, protocols = []) {
      super(url, protocols);
      this.addEventListener('close', ({ code }) => {
        const text = document.documentElement.dataset[reasons[code]];
        if (text) say(text);
      });
    }
  };
})();
