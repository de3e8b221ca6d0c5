// Open cases as dots, and the pulse of a new one. Both lie over the map: what happens never has the map itself drawn anew,
// which is what costs most on a machine without a graphics card. Where there are too many for that, tiles draw them.
"use strict";
(() => {
  const PULSE_MS = 5_000;
  const PULSES = 8;
  const WAVE = { opacity: [1, 0], transform: ["scale(0.3)", "scale(1.2)"] };
  const TILES_MS = 10_000;
  // Sizes in px of the map's own layout, as those of the tiles (`layers/style.py`). The urgent ones lie on top.
  const LIGHTS = {
    NORMAL: { order: 0, radius: 3.4, token: "--calm" },
    YELLOW: { order: 1, radius: 4.0, token: "--yellow" },
    RED: { order: 2, radius: 4.6, token: "--red" },
  };
  const GRAVER = { MAJOR: 2.2, PETITION_BACKLOG: 2.2, COMPLEX: 1.0 };
  const RING = 11; // around what is overdue
  let tiled = false;
  let timer = null;
  const rings = new Map(); // element -> [lon, lat]
  let dots = []; // {name, at: [lon, lat], light, radius, x, y}, the lowest first
  let following = null; // the map whose camera we follow
  let colours = null; // token -> colour of the theme

  const rgb = (token) => `rgb(${Wall.theme.rgb(token).join()})`;

  function place(ring, at) {
    const { x, y } = Wall.map.get().project(at);
    ring.style.transform = `translate(${x}px, ${y}px)`;
  }

  function pulse(one) {
    const wave = Wall.element.make("b");
    const ring = Wall.element.make("i", { class: "pulse", "data-light": one.light || "", "data-grade": one.grade }, wave);
    rings.set(ring, [one.lon, one.lat]);
    place(ring, [one.lon, one.lat]);
    document.getElementById("pulses").append(ring);
    Wall.element.move(wave, WAVE, { duration: 1_650, easing: "ease-out", iterations: 3, fill: "both" });
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

  function dot(one) {
    const light = LIGHTS[one.light] ? one.light : "NORMAL";
    return { name: one.case_no, at: [one.lon, one.lat], light, radius: LIGHTS[light].radius + (GRAVER[one.grade] || 0) };
  }

  function disc(pen, { x, y }, radius) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
  }

  /** All dots where the camera has them. */
  function draw() {
    const map = Wall.map.get();
    if (!map) return;
    colours ??= Object.fromEntries(["--calm", "--yellow", "--red", "--ground"].map((token) => [token, rgb(token)]));
    const canvas = document.getElementById("case-points");
    // As large as the map's own canvas, which is asked: to measure would have the page laid out within the paint.
    const { width: across, height: down } = map.getCanvas();
    const ratio = map.getPixelRatio();
    const [width, height] = [across / ratio, down / ratio];
    if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    for (const one of dots) {
      Object.assign(one, map.project(one.at));
      if (one.x < -RING || one.y < -RING || one.x > width + RING || one.y > height + RING) continue;
      pen.fillStyle = pen.strokeStyle = colours[LIGHTS[one.light].token];
      if (one.light === "RED") {
        disc(pen, one, RING);
        pen.globalAlpha = 0.1;
        pen.fill();
        disc(pen, one, RING + 0.7);
        pen.lineWidth = 1.4;
        pen.globalAlpha = 0.7;
        pen.stroke();
        pen.globalAlpha = 1;
      }
      disc(pen, one, one.radius);
      pen.fill();
      disc(pen, one, one.radius + 0.4);
      pen.lineWidth = 0.8;
      pen.strokeStyle = colours["--ground"];
      pen.stroke();
    }
  }

  /** The case of the uppermost dot within `reach` px of {x, y}; null where there is none. */
  function at({ x, y }, reach) {
    if (!Wall.layers.isOn("case")) return null;
    const near = (one) => Math.max(Math.abs(one.x - x), Math.abs(one.y - y)) <= one.radius + reach;
    return dots.findLast(near)?.name ?? null;
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
      map.on("move", () => Wall.map.get() && (draw(), rings.forEach((spot, ring) => place(ring, spot))));
      map.on("resize", draw);
    }
    if (whole || changes.cases.size) {
      dots = [...state.cases.values()].map(dot).sort((a, b) => LIGHTS[a.light].order - LIGHTS[b.light].order);
      draw();
    }
    for (const name of changes.fresh) if (state.cases.has(name)) pulse(state.cases.get(name));
  }

  Wall.theme.follow(() => {
    colours = null;
    draw();
  });

  /** Number -> [lon, lat] of the cases whose dot is to be seen. */
  const drawn = () => new Map(Wall.layers.isOn("case") ? dots.map((one) => [one.name, one.at]) : []);

  Wall.cases = { paint, at, drawn, tiled: () => tiled };
})();
