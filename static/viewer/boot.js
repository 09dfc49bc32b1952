/* Before trame's client starts: tell it, the way it listens (the address bar), where this page's session is and that
   it shall reconnect by itself. It removes the session's address from the bar again. */
(() => {
  const { study, session } = document.documentElement.dataset;
  const address = new URL(window.location.href);
  address.searchParams.set('sessionURL', `ws://use_host/studies/${study}/ws/${session}`);
  address.searchParams.set('reconnect', 'auto');
  window.history.replaceState(null, '', address);
})();
