// The whole view is in the address: ?grid=CODE&layers=grid,video,case&kiosk=1, or /grid/CODE.
"use strict";
(() => {
  const LAYERS = ["grid", "video", "case"];

  /** {grid: code or null, layers: Set, kiosk: bool} */
  function read() {
    const query = new URLSearchParams(location.search);
    const path = location.pathname.match(/\/grid\/([^/]+)\/?$/);
    const layers = query.has("layers") ? query.get("layers").split(",") : LAYERS;
    return {
      grid: query.get("grid") || (path ? decodeURIComponent(path[1]) : null),
      layers: new Set(layers.filter((name) => LAYERS.includes(name))),
      kiosk: query.get("kiosk") === "1",
    };
  }

  function href(grid) {
    return `/?grid=${encodeURIComponent(grid)}`;
  }

  /** Write the view into the address: `push` makes a step that the browser's back button undoes. */
  function write(view, push) {
    let url = href(view.grid);
    if (view.layers.size !== LAYERS.length) url += `&layers=${[...view.layers].join(",")}`;
    if (view.kiosk) url += "&kiosk=1";
    history[push ? "pushState" : "replaceState"](null, "", url);
  }

  Wall.address = { LAYERS, read, write, href };
})();
