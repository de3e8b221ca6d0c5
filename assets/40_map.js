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

  /** The zoom at which `bbox` fills the host: so the very first picture stands where it will stay. */
  function zoomFor([west, south, east, north]) {
    const mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
    const { width, height, top, bottom, left, right } = { ...size(), ...padding() };
    const across = (width - left - right) / (512 * ((east - west) / 360));
    const upright = (height - top - bottom) / (512 * (mercator(north) - mercator(south)));
    return Math.log2(Math.max(1, Math.min(across, upright)));
  }

  const size = () => ({ width: document.getElementById("map-canvas").offsetWidth, height: document.getElementById("map-canvas").offsetHeight });

  /** Room in px for the switches above and the legend below. */
  function padding() {
    return size().width < 600 ? { top: 52, bottom: 52, left: 16, right: 16 } : { top: 56, bottom: 64, left: 36, right: 36 };
  }

  /** Wait for the style document, not for the first picture: sources are filled before anything is drawn. */
  async function styled(graph) {
    while (!inside(graph)?.getStyle()) await new Promise((done) => setTimeout(done, 30));
    return inside(graph);
  }

  /** Make the map. `bbox` is [west, south, east, north] in degrees. Resolves once sources can be filled. */
  async function start(bbox) {
    scale();
    const graph = document.getElementById("map-plot");
    const center = { lon: (bbox[0] + bbox[2]) / 2, lat: (bbox[1] + bbox[3]) / 2 };
    const drawn = Plotly.newPlot(
      graph,
      [{ type: "scattermap", lon: [center.lon], lat: [center.lat], marker: { size: 0, opacity: 0 }, hoverinfo: "skip", below: "" }],
      { map: { style: STYLE, center, zoom: zoomFor(bbox) }, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, paper_bgcolor: "transparent" },
      { displayModeBar: false, scrollZoom: true, doubleClick: false },
    );
    map = await Promise.race([styled(graph), drawn.then(() => styled(graph))]);
    map.dragRotate.disable();
    map.touchZoomRotate.disableRotation();
    map.doubleClickZoom.disable();
    // On a phone a finger on the map scrolls the page; two fingers zoom.
    if (matchMedia("(max-width: 699px)").matches) map.scrollZoom.disable(), map.dragPan.disable();
    map.on("movestart", (event) => (touched ||= Boolean(event.originalEvent)));
    scale();
    map.resize();
    fit(bbox, false);
    // Plotly sets its own camera once more when it has finished.
    drawn.then(() => touched || fit(box, false));
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
    map.fitBounds([[bbox[0], bbox[1]], [bbox[2], bbox[3]]], { padding: padding(), duration: still ? 0 : EASE_MS, linear: true });
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

  Wall.map = { start, fit, shapes, colour, light, cases, changeCases, get: () => map };
})();
