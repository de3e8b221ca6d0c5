// Open cases as points, and the pulse of a new one: a ring in the page, so that the map itself is not redrawn for it.
"use strict";
(() => {
  const PULSE_MS = 5_000;
  const PULSES = 8;
  const TILES_MS = 10_000;
  let tiled = false;
  let timer = null;
  const rings = new Map(); // element -> [lon, lat]
  let following = null; // the map whose camera we follow

  function place(ring, [lon, lat]) {
    const { x, y } = Wall.map.get().project([lon, lat]);
    ring.style.transform = `translate(${x}px, ${y}px)`;
  }

  function pulse(one) {
    const ring = Wall.element.make("i", { class: "pulse", "data-light": one.light || "", "data-grade": one.grade });
    rings.set(ring, [one.lon, one.lat]);
    place(ring, [one.lon, one.lat]);
    document.getElementById("pulses").append(ring);
    setTimeout(() => {
      rings.delete(ring);
      ring.remove();
    }, PULSE_MS);
    if (rings.size > PULSES) {
      const [oldest] = rings.keys();
      rings.delete(oldest);
      oldest.remove();
    }
  }

  /** Too many for one list: tiles draw them, asked for again while they change; what comes new is drawn at once. */
  function tile(map, state, changes, whole) {
    if (whole || tiled !== state.tiled) {
      tiled = state.tiled;
      const visibility = tiled && Wall.layers.isOn("case") ? "visible" : "none";
      for (const name of ["case-tile-ring", "case-tile"]) map.setLayoutProperty(name, "visibility", visibility);
    }
    if (!tiled || !changes.cases.size || timer) return;
    timer = setTimeout(() => {
      timer = null;
      if (tiled && Wall.layers.isOn("case")) Wall.map.get()?.refreshTiles("case-tile");
    }, TILES_MS);
  }

  function paint(state, changes, whole) {
    const map = Wall.map.get();
    if (!map) return;
    tile(map, state, changes, whole);
    if (following !== map) {
      following = map;
      map.on("move", () => Wall.map.get() && rings.forEach((at, ring) => place(ring, at)));
    }
    if (whole) Wall.map.cases([...state.cases.values()]);
    else if (changes.cases.size) Wall.map.changeCases(changes.cases, state.cases);
    for (const name of changes.fresh) if (state.cases.has(name)) pulse(state.cases.get(name));
  }

  Wall.cases = { paint, tiled: () => tiled };
})();
