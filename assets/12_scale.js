// Value -> one of six steps of the sequential ramp. Pure.
"use strict";
(() => {
  const STEPS = 6;

  /** Lower bounds of at most six classes: 0 first, integers, strictly increasing, about equally many values in each. */
  function breaks(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const top = sorted.length ? sorted[sorted.length - 1] : 0;
    const bounds = [0];
    if (!sorted.length || sorted[0] === top) return bounds;
    for (let i = 1; i < STEPS; i += 1) {
      const quantile = sorted[Math.min(sorted.length - 1, Math.floor((i * sorted.length) / STEPS))];
      const bound = Math.max(bounds[bounds.length - 1] + 1, quantile);
      if (bound > top) break;
      bounds.push(bound);
    }
    return bounds;
  }

  /** Where class `index` of `count` stands on the ramp: few classes stay on the calm side of it. */
  function shade(index, count) {
    return count <= 3 ? index * 2 : Math.round((index * (STEPS - 1)) / (count - 1));
  }

  function classOf(bounds, value) {
    let index = 0;
    while (index + 1 < bounds.length && value >= bounds[index + 1]) index += 1;
    return index;
  }

  Wall.scale = { breaks, classOf, shade, step: (bounds, value) => shade(classOf(bounds, value), bounds.length) };
})();
