// The map: Plotly makes it once; from then on MapLibre alone is spoken to. Data never moves the camera.
"use strict";
(() => {
  const STYLE = "/api/v1/map/style.json?theme=";
  const EMPTY = { type: "FeatureCollection", features: [] };
  const EASE_MS = 240; // long enough to see where one goes, short enough not to wait for it
  const PATIENCE_MS = 3_000; // for a lost graphics context to come back
  const REST_MOST_MS = 60_000;
  let map = null; // MapLibre's map, once its style has loaded
  let box = null; // the bounds last fitted
  let lost = () => {}; // called where the map is gone for good and has to be made again
  let touched = false; // someone moved the camera by hand: a resize then keeps it
  let hand = null; // where that left it
  let observer = null;
  let filled = null; // the polygons it was last filled with
  let costMs = 0; // how long the page waited for the last picture of the map
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
    console.warn("part of the map did not come");
  });

  /** Ask again for tiles: after the server was away, some may be missing or old. */
  function refresh() {
    for (const name of ["inner", "video"]) if (map?.getSource(name)) map.refreshTiles(name);
  }

  /** The graphics card may take its context back (a driver starts anew, the card sleeps). MapLibre mends that when it is
   *  given another one soon; where none comes the map is made again, without loading the page. */
  function watchContext() {
    const canvas = map.getCanvas();
    let waiting = null;
    canvas.addEventListener("webglcontextlost", () => (waiting ??= setTimeout(() => lost(), PATIENCE_MS)));
    canvas.addEventListener("webglcontextrestored", () => {
      clearTimeout(waiting);
      waiting = null;
    });
  }

  function watchCost(drawn) {
    drawn.on("render", () => {
      const begun = performance.now();
      requestAnimationFrame(() => requestAnimationFrame(() => (costMs = performance.now() - begun)));
    });
  }

  /** For how long what happens should not have the map drawn again, so that it takes a hundredth of the time at most: next
   *  to nothing with a graphics card, where there is none what is new would wait for it. */
  const restMs = () => Math.min(REST_MOST_MS, 100 * costMs);

  /** Take the old map away: the next `start` makes another one. */
  function clear() {
    observer?.disconnect();
    map = filled = null;
    lit = null;
    const graph = document.getElementById("map-plot");
    try {
      Plotly.purge(graph);
    } catch (fault) {
      console.warn("the old map was not cleared away", fault);
    }
    graph.replaceChildren();
  }

  const asked = new Map(); // theme -> its style, under way

  async function fetchStyle(theme) {
    const answer = await fetch(STYLE + theme);
    if (!answer.ok) throw new Error(`style: ${answer.status}`);
    return answer.json();
  }

  /** Ask for the style while the page itself is still being drawn. */
  function ahead() {
    const style = fetchStyle(Wall.theme.now());
    style.catch(() => {}); // asked again where it is needed
    asked.set(Wall.theme.now(), style);
  }

  /** The style with the polygons in it, so that the first picture has them; its address where it did not come. */
  async function styleWith(shown) {
    const theme = Wall.theme.now();
    try {
      const style = await (asked.get(theme) ?? fetchStyle(theme));
      asked.clear(); // a map that is made again may find another ground below it
      if (!shown) return style;
      style.sources.grid.data = collection(shown.cells);
      style.sources.outline.data = collection(shown.outline);
      filled = shown.cells;
      return style;
    } catch {
      asked.clear();
      return STYLE + theme;
    }
  }

  /** Make the map. `bbox` is [west, south, east, north] in degrees, `onLost` is called where it has to be made again,
   *  `shown` {cells, outline} are its first polygons. Resolves once sources can be filled. */
  async function start(bbox, onLost, shown = null) {
    const [style] = await Promise.all([styleWith(shown), Wall.plotly()]);
    lost = onLost;
    scale();
    const graph = document.getElementById("map-plot");
    const { center, zoom } = cameraFor(bbox);
    const drawn = Plotly.newPlot(
      graph,
      // Plotly makes a map only where there is a trace; this one is never seen.
      [{ type: "scattermap", lon: [center.lon], lat: [center.lat], visible: "legendonly" }],
      { map: { style, center, zoom }, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, paper_bgcolor: "transparent" },
      { displayModeBar: false, scrollZoom: true, doubleClick: false },
    );
    map = await Promise.race([styled(graph), drawn.then(() => styled(graph))]);
    // What is new is there at once: fading it in would have the whole map drawn a dozen times.
    map._fadeDuration = 0;
    // A tile that fails before the first picture makes Plotly give up; MapLibre goes on, and so do we.
    drawn.catch((fault) => console.warn("part of the map did not come", fault));
    map.dragRotate.disable();
    map.touchZoomRotate.disableRotation();
    map.doubleClickZoom.disable();
    // On a phone a finger on the map scrolls the page; two fingers zoom.
    if (matchMedia("(max-width: 699px)").matches) map.scrollZoom.disable(), map.dragPan.disable();
    watchHand(center);
    scale();
    map.resize();
    fit(bbox, false);
    // When the map has loaded, and when it has drawn, Plotly sets the first camera once more: by then another grid may be
    // open, or somebody may have moved it.
    const again = () => setTimeout(() => map === inside(graph) && settle());
    map.once("load", again);
    drawn.then(again, () => {});
    watchContext();
    watchCost(map);
    observer = new ResizeObserver(() => {
      scale();
      map.resize();
      if (!touched) fit(box, false);
    });
    observer.observe(host());
    return map;
  }

  /** The colours of the other theme on the map that is there: nothing else of it is touched. */
  async function recolour(theme) {
    if (!map) return;
    try {
      const { layers } = await fetchStyle(theme);
      if (!map || theme !== Wall.theme.now()) return;
      if (map.hasImage("stripes")) map.updateImage("stripes", stripes());
      for (const { id, paint } of layers) {
        if (!map.getLayer(id)) continue;
        for (const [name, value] of Object.entries(paint)) if (name.endsWith("-color")) map.setPaintProperty(id, name, value);
      }
    } catch (fault) {
      console.warn("the map keeps its colours", fault);
    }
  }
  Wall.theme.follow(recolour);

  /** Know of moves by hand. A wheel is told by itself: the moves that follow it need not say what began them. `first` is
   *  the centre that Plotly sets once more. */
  function watchHand(first) {
    let wheeling = false;
    map.on("wheel", () => map.scrollZoom.isEnabled() && (touched = wheeling = true));
    map.on("movestart", (event) => (touched ||= Boolean(event.originalEvent)));
    map.on("move", (event) => {
      const center = map.getCenter();
      const plotly = center.lng === first.lon && !event.originalEvent;
      if ((event.originalEvent || wheeling) && !plotly) hand = { center, zoom: map.getZoom() };
    });
    map.on("moveend", (event) => (wheeling &&= !event.originalEvent && map.isMoving()));
  }

  /** Where the camera belongs: where a hand has left it, else on the grid. */
  function settle() {
    if (!touched) return fit(box, false);
    const { lng, lat } = map.getCenter();
    if (hand && (hand.zoom !== map.getZoom() || hand.center.lng !== lng || hand.center.lat !== lat)) map.jumpTo(hand);
  }

  function fit(bbox, animate) {
    box = bbox;
    touched = false;
    hand = null;
    if (!map) return;
    const still = !animate || matchMedia("(prefers-reduced-motion: reduce)").matches;
    map.easeTo({ ...cameraFor(bbox), duration: still ? 0 : EASE_MS });
  }

  const source = (name) => map.getSource(name);

  const collection = (features) => (features.length ? { type: "FeatureCollection", features } : EMPTY);

  function fill(name, features) {
    source(name)?.setData(collection(features));
  }

  /** Fill the polygons: `cells` are coloured by feature-state, `outline` is the grid around them and its neighbours. */
  function shapes(cells, outline) {
    if (cells === filled) return;
    filled = cells;
    map.removeFeatureState({ source: "grid" });
    fill("grid", cells);
    fill("outline", outline);
  }

  /** Colour one polygon: `step` 0..5 of the ramp, or null where nothing is counted. */
  function colour(code, step) {
    map.setFeatureState({ source: "grid", id: code }, { step });
  }

  /** The stripes of a polygon with too few cases to be coloured, in the colour of the theme. */
  function stripes() {
    const side = 8;
    const pen = Object.assign(document.createElement("canvas"), { width: side, height: side }).getContext("2d");
    pen.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--text-3");
    pen.globalAlpha = 0.55;
    for (const at of [-side, 0, side]) pen.moveTo(at, side), pen.lineTo(at + side, 0);
    pen.stroke();
    return pen.getImageData(0, 0, side, side);
  }

  /** Hatch the polygons of these codes, and no others. The layer is not part of the style: for an image that is not there
   *  yet Plotly would ask a host outside. */
  function hatch(codes) {
    const filter = ["in", ["get", "code"], ["literal", codes]];
    if (map.getLayer("grid-hatch")) return map.setFilter("grid-hatch", filter);
    if (!codes.length) return;
    map.addImage("stripes", stripes());
    const paint = { "fill-pattern": "stripes", "fill-opacity": map.getPaintProperty("grid-fill", "fill-opacity") ?? 1 };
    map.addLayer({ id: "grid-hatch", type: "fill", source: "grid", filter, paint }, "spot-fill");
  }

  /** How strongly the faces of the grids are drawn, 0 to 1: they go on catching clicks where they are not seen. */
  function face(share) {
    const opacity = share * (map.getStyle().metadata?.face ?? 1);
    for (const name of ["grid-fill", "grid-hatch"]) if (map.getLayer(name)) map.setPaintProperty(name, "fill-opacity", opacity);
  }

  /** Move the camera to a place that somebody pointed at. */
  function near(lngLat) {
    touched = true;
    hand = { center: lngLat, zoom: Math.min(16, map.getZoom() + 2) };
    map.easeTo({ ...hand, duration: EASE_MS });
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

  Wall.map = { ahead, start, clear, fit, refresh, shapes, colour, hatch, face, near, light, reserve, restMs, get: () => map };
})();
