// What a page remembers across its own reload: how far it had painted.
"use strict";
(() => {
  const KEY = "yiping.memory";
  let kept = { epoch: null, seq: 0 };
  try {
    kept = { ...kept, ...JSON.parse(sessionStorage.getItem(KEY)) };
  } catch {
    // Nothing kept, or a browser that keeps nothing: the page begins anew.
  }
  const before = kept;

  function painted(epoch, seq) {
    if (epoch === kept.epoch && seq === kept.seq) return;
    kept = { epoch, seq };
    try {
      sessionStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // Full or forbidden: it lasts as long as the page.
    }
  }

  Wall.memory = { before, painted };
})();
