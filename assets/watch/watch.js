// Watches over the page from beside it: a page whose script has died, or that hung for long, is loaded again.
// One file in two places: in the page it starts itself once more as a worker, whose clock the page cannot stop.
"use strict";
(() => {
  const EVERY_MS = 5_000;
  const PATIENCE_MS = 30_000; // without a sign of life from the wall's own script
  const AGAIN_LEAST_MS = 60_000; // between two such reloads, doubled each time
  const AGAIN_MOST_MS = 3_600_000;
  const CALM_MS = 1_800_000; // so long without trouble, and the next one counts as the first
  const KEY = "yiping.watch";

  if (typeof document === "undefined") {
    setInterval(() => postMessage(performance.now()), EVERY_MS);
    return;
  }

  const sign = () => Number(document.documentElement.dataset.alive ?? 0); // performance.now() of the last sign of life
  let seen = performance.now();
  let asked = seen;

  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) || { times: 0, at: 0 };
    } catch {
      return { times: 0, at: 0 };
    }
  }

  /** Reload, but never in a circle: each time the pause before the next one doubles. Dates are only compared with dates. */
  function reload(why) {
    const { times, at } = kept();
    const since = Math.abs(Date.now() - at);
    const before = since > CALM_MS ? 0 : times;
    const pause = before ? Math.min(AGAIN_MOST_MS, AGAIN_LEAST_MS * 2 ** (before - 1)) : 0;
    if (since < pause) return;
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ times: before + 1, at: Date.now(), why }));
    } catch {
      if (performance.now() < AGAIN_MOST_MS) return; // no memory of the last time: once an hour at most
    }
    location.reload();
  }

  function look() {
    const now = performance.now();
    const away = now - asked; // the page itself did not run for so long
    asked = now;
    seen = Math.max(seen, sign());
    // Just back from a hang or from sleep: the wall's script gets its turn first.
    if (away > 2 * EVERY_MS) seen = Math.max(seen, now - PATIENCE_MS + 2 * EVERY_MS);
    if (now - seen > PATIENCE_MS) reload("silent");
  }

  const worker = new Worker(document.currentScript.src);
  worker.onmessage = look;
})();
