// The whole view is in the address: ?scene=ID&grid=CODE&layers=grid,heat&heat=rate&window=7d&kiosk=1, or /grid/CODE.
// What the address does not say is as the scene has it (81_scenes.js).
"use strict";
(() => {
  const one = (query, name) => query.get(name) || null;

  /** As it is written, unchecked; null where it says nothing: {scene, grid, layers, mode, days, indicator, kiosk, wall, every}. */
  function read() {
    const query = new URLSearchParams(location.search);
    const path = location.pathname.match(/\/grid\/([^/]+)\/?$/);
    const days = one(query, "window")?.match(/^(\d+)d$/);
    const every = one(query, "carousel")?.match(/^(\d+)s?$/);
    return {
      scene: one(query, "scene"),
      grid: query.get("grid") || (path ? decodeURIComponent(path[1]) : null),
      layers: query.has("layers") ? query.get("layers").split(",") : null,
      mode: one(query, "heat"),
      days: days ? Number(days[1]) : null,
      indicator: one(query, "indicator"),
      at: one(query, "at"),
      kiosk: query.get("kiosk") === "1",
      wall: one(query, "wall"),
      every: every ? Number(every[1]) : null,
    };
  }

  function href(grid) {
    return `/?grid=${encodeURIComponent(grid)}`;
  }

  /** Write the view into the address: `push` makes a step that the browser's back button undoes. */
  function write(view, push) {
    if (Wall.orders.stands() || Wall.carousel.interrupted()) return; // not this wall's own view: it goes back by itself
    const usual = Wall.scenes.usual(view.scene);
    const told = [["scene", view.scene.id, !usual.first], ["grid", view.grid, true]];
    const layers = Wall.layers.names().filter((name) => view.layers.has(name)).join(",");
    told.push(["layers", layers, layers !== usual.layers.join(",")]);
    told.push(["heat", view.heat.mode, view.layers.has("heat") && view.heat.mode !== usual.heat.mode]);
    told.push(["window", `${view.heat.days}d`, view.layers.has("heat") && view.heat.days !== usual.heat.days]);
    // Coloured as usual needs no word, unless the scene would colour otherwise.
    const plain = Wall.paint.usual(view.indicator) && !usual.indicator;
    told.push(["indicator", view.indicator, view.indicator && !plain && view.indicator !== usual.indicator]);
    told.push(["at", Wall.replay.address(), Wall.replay.address()]);
    told.push(["case", Wall.card.shown(), Wall.card.shown()]);
    told.push(["wall", view.wall, view.wall], ["carousel", `${view.every}s`, view.every !== null], ["kiosk", "1", view.kiosk]);
    const url = told.filter(([, , needed]) => needed)
      .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`).join("&");
    history[push ? "pushState" : "replaceState"](null, "", `/?${url}`);
  }

  Wall.address = { read, write, href };
})();
