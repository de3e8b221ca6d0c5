// Plotly comes beside the page, not before it: the panels have painted by the time it is there.
"use strict";
(() => {
  /** Plotly itself, once its script has run; rejects where it could not be fetched. */
  function plotly() {
    if (globalThis.Plotly) return Promise.resolve(Plotly);
    const script = document.querySelector("script[data-plotly]");
    return new Promise((done, fail) => {
      script.addEventListener("load", () => done(Plotly));
      script.addEventListener("error", () => fail(new Error("plotly")));
    });
  }

  Wall.plotly = plotly;
})();
