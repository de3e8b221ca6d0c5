// The map: Plotly makes it once; from then on MapLibre alone is spoken to. Data never moves the camera.
"use strict";
(() => {
  const STYLE = "/api/v1/map/style.json";
  const EMPTY = { type: "FeatureCollection", features: [] };
  const EASE_MS = 450;
  let map = null; // MapLibre's map, once its style has loaded
  let box = null; // the bounds last fitted
  let touched = false; // someone moved the camera by hand: a resize then keeps it
  const host = () => document.getElementById("map");

  /** The one line that reaches into Plotly. */
  const inside = (graph) => graph._fullLayout?.map?._subplot?.map;

  /** Sizes in the style are px of a 16 px root: the map is laid out at that scale and enlarged as a whole. */
  function scale() {
    const ratio = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    host().style.setProperty("--map-scale", ratio);
    if (map) map.setPixelRatio(devicePixelRatio * ratio);
    return ratio;
  }

  const size = () => ({ width: document.getElementById("map-canvas").offsetWidth, height: document.getElementById("map-canvas").offsetHeight });

  /** Room in px for the switches above and the legend below. */
  function padding() {
    return size().width < 600 ? { top: 52, bottom: 52, side: 16 } : { top: 56, bottom: 64, side: 36 };
  }

  // Web Mercator, the whole world one unit high, north up.
  const toMercator = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
  const fromMercator = (y) => (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90;

  /** Where the camera stands when `bbox` fills the free part of the panel: {center, zoom}. */
  function cameraFor([west, south, east, north]) {
    const { width, height } = size();
    const { top, bottom, side } = padding();
    const [upper, lower] = [toMercator(north), toMercator(south)];
    const across = (width - 2 * side) / ((east - west) / 360);
    const upright = (height - top - bottom) / (lower - upper);
    const world = Math.max(512, Math.min(across, upright)); // px around the earth
    const y = (upper + lower) / 2 + (bottom - top) / 2 / world;
    return { center: { lon: (west + east) / 2, lat: fromMercator(y) }, zoom: Math.log2(world / 512) };
  }

  /** Wait for the style document, not for the first picture: sources are filled before anything is drawn. */
  async function styled(graph) {
    while (!inside(graph)?.getStyle()) await new Promise((done) => setTimeout(done, 30));
    return inside(graph);
  }

  // A tile lost while the map is being made rejects promises inside Plotly that nobody outside can reach. The map
  // itself goes on, and what was lost is asked for again by `refresh`.
  addEventListener("unhandledrejection", (event) => {
    if (event.reason?.message !== "Map error.") return;
    event.preventDefault();
    console.warn("地图的一部分没有取到");
  });

  /** Ask again for tiles: after the server was away, some may be missing or old. */
  function refresh() {
    for (const name of ["inner", "video"]) if (map?.getSource(name)) map.refreshTiles(name);
  }

  /** Make the map. `bbox` is [west, south, east, north] in degrees. Resolves once sources can be filled. */
  async function start(bbox) {
    scale();
    const graph = document.getElementById("map-plot");
    const { center, zoom } = cameraFor(bbox);
    const drawn = Plotly.newPlot(
      graph,
      [{ type: "scattermap", lon: [center.lon], lat: [center.lat], marker: { size: 0, opacity: 0 }, hoverinfo: "skip", below: "" }],
      { map: { style: STYLE, center, zoom }, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, paper_bgcolor: "transparent" },
      { displayModeBar: false, scrollZoom: true, doubleClick: false },
    );
    map = await Promise.race([styled(graph), drawn.then(() => styled(graph))]);
    // A tile that fails before the first picture makes Plotly give up; MapLibre goes on, and so do we.
    drawn.catch((fault) => console.warn("地图的一部分没有取到", fault));
    map.dragRotate.disable();
    map.touchZoomRotate.disableRotation();
    map.doubleClickZoom.disable();
    // On a phone a finger on the map scrolls the page; two fingers zoom.
    if (matchMedia("(max-width: 699px)").matches) map.scrollZoom.disable(), map.dragPan.disable();
    map.on("movestart", (event) => (touched ||= Boolean(event.originalEvent)));
    scale();
    map.resize();
    fit(bbox, false);
    // When the map has loaded Plotly sets the first camera once more: by then another grid may be open.
    map.once("load", () => setTimeout(() => touched || fit(box, false)));
    new ResizeObserver(() => {
      scale();
      map.resize();
      if (!touched) fit(box, false);
    }).observe(host());
    return map;
  }

  function fit(bbox, animate) {
    box = bbox;
    touched = false;
    const still = !animate || matchMedia("(prefers-reduced-motion: reduce)").matches;
    map.easeTo({ ...cameraFor(bbox), duration: still ? 0 : EASE_MS });
  }

  const source = (name) => map.getSource(name);

  function fill(name, features) {
    source(name)?.setData(features.length ? { type: "FeatureCollection", features } : EMPTY);
  }

  /** Fill the polygons: `cells` are coloured by feature-state, `outline` is the grid around them and its neighbours. */
  function shapes(cells, outline) {
    map.removeFeatureState({ source: "grid" });
    fill("grid", cells);
    fill("outline", outline);
  }

  /** Colour one polygon: `step` 0..5 of the ramp, or null where nothing is counted. */
  function colour(code, step) {
    map.setFeatureState({ source: "grid", id: code }, { step });
  }

  /** Light up the polygon `code` as the pointer passes over it, or none (null). */
  let lit = null;
  function light(code) {
    if (lit === code) return;
    if (lit !== null) map.removeFeatureState({ source: "grid", id: lit }, "hover");
    if (code !== null) map.setFeatureState({ source: "grid", id: code }, { hover: true });
    lit = code;
  }

  const point = (lon, lat, properties, id) => ({
    type: "Feature", id, properties, geometry: { type: "Point", coordinates: [lon, lat] },
  });

  /** Places of names, for the map's own text to keep clear of. */
  function reserve(list) {
    fill("label", list.map(({ code, name, lon, lat }) => point(lon, lat, { name, n: "000" }, code)));
  }

  function casePoint(one) {
    const light = one.light === "RED" || one.light === "YELLOW" ? one.light : "NORMAL";
    return point(one.lon, one.lat, { case_no: one.case_no, light, grade: one.grade, category: one.category }, one.case_no);
  }

  function cases(list) {
    fill("case", list.map(casePoint));
  }

  /** Change only the named case points: those still in `open` are drawn (again), the others go. */
  function changeCases(names, open) {
    const add = [];
    const remove = [];
    for (const name of names) open.has(name) ? add.push(casePoint(open.get(name))) : remove.push(name);
    source("case")?.updateData({ add, remove });
  }

  Wall.map = { start, fit, refresh, shapes, colour, light, reserve, cases, changeCases, get: () => map };
})();
