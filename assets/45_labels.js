// Names and counts on the polygons, as elements over the map: a changed number touches one text, not the map.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const MARGIN = 2; // px between two labels
  const labels = new Map(); // code -> {node, at: [lon, lat], weight, width, height}
  let following = null; // the map whose camera we follow

  function place() {
    const map = Wall.map.get();
    for (const { node, at } of labels.values()) {
      const { x, y } = map.project(at);
      node.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    }
  }

  /** Where two would overlap, the lighter one steps back. */
  function settle() {
    const map = Wall.map.get();
    const taken = [];
    for (const label of [...labels.values()].sort((a, b) => b.weight - a.weight)) {
      const { x, y } = map.project(label.at);
      const box = [x - label.width / 2 - MARGIN, y - label.height / 2, x + label.width / 2 + MARGIN, y + label.height / 2];
      const free = taken.every((other) => box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3]);
      label.node.classList.toggle("crowded", !free);
      if (free) taken.push(box);
    }
  }

  /** The map's own text (counts of video points) keeps clear of the names: an unseen copy of them holds their place. */
  function reserve(list) {
    const map = Wall.map.get();
    map.setPaintProperty("label", "text-opacity", 0);
    map.setLayoutProperty("label", "text-variable-anchor", undefined);
    map.setLayoutProperty("label", "text-allow-overlap", true);
    Wall.map.reserve(list);
  }

  function build(list) {
    labels.clear();
    reserve(list);
    for (const { code, name, lon, lat, n, weight } of list) {
      const node = make("div", { class: "map-label" }, make("div", {}, make("b", {}, name), make("span", {}, n ?? "")));
      labels.set(code, { node, at: [lon, lat], weight });
    }
    document.getElementById("labels").replaceChildren(...[...labels.values()].map((label) => label.node));
    for (const label of labels.values()) {
      const inner = label.node.firstChild;
      [label.width, label.height] = [inner.offsetWidth, inner.offsetHeight];
    }
  }

  /** Show `list` of {code, name, lon, lat, n, weight}; `n` is the line below the name or null, the heavier stay. `anew`: another grid was opened. */
  function show(list, anew) {
    const map = Wall.map.get();
    if (!map) return;
    if (following !== map) {
      following = map;
      map.on("move", place);
      map.on("moveend", settle);
      map.on("resize", () => (place(), settle()));
    }
    if (anew) build(list);
    for (const { code, n, weight } of list) {
      const label = labels.get(code);
      if (!label) continue;
      label.weight = weight;
      write(label.node.firstChild.lastChild, n ?? "");
    }
    if (anew) place(), settle();
  }

  Wall.labels = { show };
})();
