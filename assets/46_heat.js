// Heat: where the cases of a window lie. A picture under the borders, or the grids that stand out beyond chance.
"use strict";
(() => {
  const { t, told } = Wall;
  const { make, write } = Wall.element;
  const { count } = Wall.format;
  const EVERY_MS = 60_000;
  const PX = 384;
  const MODES = { count: t("件数"), rate: t("万人率"), significance: t("显著性") };
  const SPOTS = { hot: t("高于随机"), "": t("不显著"), cold: t("低于随机") };
  const NOTHING = { type: "FeatureCollection", features: [] };
  let options = { mode: "count", days: 30 };
  let on = false;
  let grid = null;
  let asked = 0; // the last question wins, however the answers arrive
  let askedAt = -Infinity;
  let changed = () => {};
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = PX;
  const $ = (id) => document.getElementById(id);

  /** The ramp of the tokens as [r, g, b]; below the first class the picture fades into the ground. */
  const ramp = () => Array.from({ length: 6 }, (_, step) => Wall.theme.rgb(`--step-${step}`));

  /** A byte of the answer is 250 × √(value / top); the six classes double, so the shade runs with the logarithm. */
  function colour(byte, colours) {
    const share = (byte / 250) ** 2;
    const place = share > 0 ? 6 + Math.log2(share) : -1; // 0 at the least class, 6 at the top
    if (place <= -1) return [0, 0, 0, 0];
    const at = Math.min(5, Math.max(0, place));
    const [low, part] = [Math.floor(at), at - Math.floor(at)];
    const mix = colours[low].map((value, n) => value + part * (colours[Math.min(5, low + 1)][n] - value));
    return [...mix, 255 * Math.min(1, place + 1)];
  }

  function draw(answer) {
    const bytes = Uint8Array.from(atob(answer.steps), (one) => one.charCodeAt(0));
    const small = document.createElement("canvas");
    [small.width, small.height] = [answer.columns, answer.rows];
    const image = new ImageData(answer.columns, answer.rows);
    const colours = ramp();
    bytes.forEach((byte, at) => byte !== 255 && image.data.set(colour(byte, colours), at * 4));
    small.getContext("2d").putImageData(image, 0, 0);
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, PX, PX);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(small, 0, 0, PX, PX);
  }

  /** The picture lies above the ground of the grids and below every border and point. */
  function lay(map, [west, south, east, north]) {
    const coordinates = [[west, north], [east, north], [east, south], [west, south]];
    if (!map.getSource("heat")) {
      map.addSource("heat", { type: "canvas", canvas, coordinates, animate: false });
      const paint = { "raster-fade-duration": 0, "raster-opacity": 0.95 };
      map.addLayer({ id: "heat", type: "raster", source: "heat", paint }, "inner-line");
      return;
    }
    const source = map.getSource("heat");
    source.setCoordinates(coordinates);
    source.play(); // takes the canvas in once
    source.pause();
  }

  function show(map, picture, spots) {
    if (map.getLayer("heat")) map.setLayoutProperty("heat", "visibility", picture ? "visible" : "none");
    map.getSource("spot").setData(spots || NOTHING);
    // The colours of the grids would mix with the heat: they give way to it.
    Wall.map.face(picture || spots || !Wall.layers.isOn("grid") ? 0 : 1);
  }

  const short = (value) => (value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(2))));

  function swatch(step, words, title) {
    return make("li", { "data-step": step, title }, make("span", { class: "swatch" }), make("span", { class: "bound" }, words));
  }

  function legend(answer) {
    const span = Wall.replay.span();
    const when = span ? Wall.ribbon.words(span) : t("近 {days} 日", { days: options.days });
    const [mode, unit] = [MODES[options.mode], told(answer.unit)];
    write($("heat-title"), options.mode === "significance" ? t("显著性 Gi* · {when}", { when }) : t("{mode}（{unit}） · {when}", { mode, unit, when }));
    const lows = answer.lows || [];
    const spots = Object.entries(SPOTS).map(([spot, word]) => {
      const n = (answer.features || []).filter((one) => one.properties.spot === spot).length;
      return make("li", { "data-spot": spot }, make("span", { class: "swatch" }, String(n)), make("span", { class: "bound" }, word));
    });
    const steps = answer.features ? (answer.features.length ? spots : [])
      : lows.map((low, step) => swatch(step, short(low), t("{low} {unit}起", { low, unit })));
    $("heat-steps").replaceChildren(...steps);
    const parts = [told(answer.note)];
    if (!answer.note && answer.drawn !== undefined) parts.push(t("{n} / {of} 件在图上", { n: count(answer.drawn), of: count(answer.total) }));
    if (!answer.note && answer.features) parts.push(t("{n} / {of} 件计入", { n: count(answer.total - answer.unplaced), of: count(answer.total) }));
    if (answer.bandwidth_m) parts.push(t("带宽 {n} m", { n: count(answer.bandwidth_m) }));
    if (answer.withheld) parts.push(t("不宜标示 {n}", { n: count(answer.withheld) }));
    if (answer.unplaced) parts.push(t("待定位 {n}", { n: count(answer.unplaced) }));
    write($("heat-note"), parts.filter(Boolean).join(" · "));
  }

  async function ask() {
    const map = Wall.map.get();
    if (!map || !grid) return;
    const mine = ++asked;
    askedAt = performance.now();
    if (!on) {
      delete $("map").dataset.heat;
      return show(map, false, null);
    }
    try {
      const answer = await Wall.api.heat(grid, options.mode, options.days);
      if (mine !== asked) return;
      if (answer.features) show(map, false, { type: "FeatureCollection", features: answer.features });
      else {
        draw(answer);
        lay(map, answer.box);
        show(map, true, null);
      }
      legend(answer);
      $("map").dataset.heat = options.mode;
    } catch (fault) {
      if (mine !== asked) return;
      console.warn("the heat did not come", fault);
      write($("heat-note"), t("热力暂时取不到"));
    }
  }

  function press() {
    $("heat-options").hidden = !on;
    $("legend").classList.toggle("hot", on);
    for (const button of document.querySelectorAll("[data-heat-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.heatMode === options.mode));
    }
    for (const button of document.querySelectorAll("[data-heat-days]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.heatDays) === options.days));
    }
  }

  /** `chosen`: {mode, days}; `shown`: whether the layer is on. */
  function apply(chosen, shown) {
    options = { ...chosen };
    on = shown;
    press();
    ask();
  }

  /** `tell(options)` is called after a click. */
  function start(chosen, shown, tell) {
    options = { ...chosen };
    on = shown;
    changed = tell;
    $("heat-options").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.heatMode) options.mode = button.dataset.heatMode;
      if (button.dataset.heatDays) options.days = Number(button.dataset.heatDays);
      press();
      changed({ ...options });
      ask();
    });
    Wall.theme.follow(ask);
    setInterval(() => on && performance.now() - askedAt >= EVERY_MS && ask(), 5_000);
    press();
  }

  /** A panel like the others: another grid is another picture. */
  function paint(state, changes, whole) {
    if (!whole || !Wall.map.get()) return;
    grid = state.grid.code;
    ask();
  }

  Wall.heat = { start, apply, paint, renew: () => on && ask(), MODES: Object.keys(MODES), DAYS: [7, 30, 90] };
})();
