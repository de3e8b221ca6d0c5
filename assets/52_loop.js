// The closed loop in the footer: how many cases stand at each of its five stages.
"use strict";
(() => {
  const { write, mark } = Wall.element;

  function paint(state, changes, whole) {
    for (const node of document.querySelectorAll("[data-stage]")) {
      const key = `loop.${node.dataset.stage}`;
      if (!whole && !changes.figures.has(key)) continue;
      const figure = state.figures.get(key);
      mark(node, "data-value", figure?.n);
      write(node.querySelector(".loop-value"), Wall.format.count(figure?.n));
      write(node.querySelector(".loop-detail"), Wall.told(figure?.detail || ""));
    }
  }

  Wall.loop = { paint };
})();
