// The layer switches: a switch shows or hides every style layer that draws from its sources.
"use strict";
(() => {
  const SOURCES = { grid: ["grid", "inner"], heat: [], video: ["video"], case: ["case-tile"] };
  let shown = new Set();

  /** The layers there are switches for, in their order. */
  const names = () => [...document.querySelectorAll("[data-layer]")].map((button) => button.dataset.layer);

  /** The colours of the grid go, its borders stay; and it goes on catching clicks, so it turns transparent. */
  function show(map, layer, on) {
    if (layer.id === "grid-fill") Wall.map.face(on ? 1 : 0);
    else if (layer.source === "case-tile" && !Wall.cases.tiled()) return;
    else if (layer.source !== "grid") map.setLayoutProperty(layer.id, "visibility", on ? "visible" : "none");
  }

  function apply(chosen) {
    shown = chosen;
    for (const button of document.querySelectorAll("[data-layer]")) {
      button.setAttribute("aria-pressed", String(chosen.has(button.dataset.layer)));
    }
    document.getElementById("labels").hidden = !chosen.has("grid");
    document.getElementById("case-points").hidden = !chosen.has("case");
    const map = Wall.map.get();
    if (!map) return;
    for (const layer of map.getStyle().layers) {
      for (const [name, sources] of Object.entries(SOURCES)) {
        if (sources.includes(layer.source)) show(map, layer, chosen.has(name));
      }
    }
  }

  /** `changed(layers)` is called with the new set after a click. */
  function start(changed) {
    for (const button of document.querySelectorAll("[data-layer]")) {
      button.addEventListener("click", () => {
        const name = button.dataset.layer;
        const chosen = new Set(shown);
        if (!chosen.delete(name)) chosen.add(name);
        apply(chosen);
        changed(chosen);
      });
    }
  }

  Wall.layers = { start, apply, names, isOn: (name) => shown.has(name) };
})();
