// The server's time, carried on by this machine's steady clock: the wall's own date and time are never trusted.
"use strict";
(() => {
  let base = Date.now();
  let since = performance.now();

  function set(serverTime) {
    const at = Date.parse(serverTime);
    if (Number.isNaN(at)) return;
    base = at;
    since = performance.now();
  }

  Wall.clock = { set, now: () => new Date(base + performance.now() - since) };
})();
