// Video points: a change of status repaints its own tile and no other; the card of one point. Metadata, never a picture.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { moment, count } = Wall.format;
  const { t, told } = Wall;
  const PAUSE_MS = 2_000; // changes come in bursts: a tile is asked for once
  const ZOOMS = 17; // tiles of the zooms 0 to 16; closer views enlarge the last
  const MOST = 4_000; // tiles remembered as old; beyond, all are asked for again
  const HIDDEN = 6; // last digits of an id that a wall does not show
  const stale = new Set(); // "z/x/y" of tiles that may be out of date
  let timer = null;
  let following = null; // the map whose camera we follow
  let shown = null; // the id on the card
  let asked = 0;
  const $ = (id) => document.getElementById(id);

  const across = (lon) => (lon + 180) / 360;
  const down = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);

  /** Ask again for the old tiles among those in view. What is out of view stays old until it comes into view. */
  function refresh() {
    timer = null;
    const map = Wall.map.get();
    if (!map?.getSource("video")) return;
    if (stale.size > MOST) { // also of a layer that is not shown: it keeps no tiles then, and a wall may hang so for weeks
      stale.clear();
      return map.refreshTiles("video");
    }
    if (!Wall.layers.isOn("video") || !stale.size) return;
    const z = Math.min(ZOOMS - 1, Math.max(0, Math.floor(map.getZoom())));
    const bounds = map.getBounds();
    const [west, east] = [across(bounds.getWest()), across(bounds.getEast())].map((x) => Math.floor(x * 2 ** z));
    const [north, south] = [down(bounds.getNorth()), down(bounds.getSouth())].map((y) => Math.floor(y * 2 ** z));
    const tiles = [];
    for (const key of stale) {
      const [at, x, y] = key.split("/").map(Number);
      if (at !== z || x < west || x > east || y < north || y > south) continue;
      tiles.push({ z: at, x, y });
      stale.delete(key);
    }
    if (tiles.length) map.refreshTiles("video", tiles);
  }

  const soon = () => (timer ??= setTimeout(refresh, PAUSE_MS));

  function note({ lon, lat }) {
    const [x, y] = [across(lon), down(lat)];
    for (let z = 0; z < ZOOMS; z += 1) stale.add(`${z}/${Math.floor(x * 2 ** z)}/${Math.floor(y * 2 ** z)}`);
  }

  /** The id as a wall shows it. */
  const masked = (id) => `${id.slice(0, Math.max(0, id.length - HIDDEN))}${"·".repeat(Math.min(HIDDEN, id.length))}`;

  const line = (word, value) => (value ? make("li", {}, make("span", { class: "card-word" }, word), make("span", {}, value)) : null);
  const yes = (value) => (value === null ? null : value ? t("是") : t("否"));

  function fill(one) {
    const now = Wall.clock.now();
    write($("point-title"), masked(one.point_id));
    const near = one.case_near;
    const title = near && Wall.format.caseTitle(near);
    const found = near
      ? make("button", { type: "button", class: "quiet", "data-case": near.case_no }, `${title} · ${count(Math.round(near.distance_m))} m`)
      : make("span", {}, t("附近没有在办案件"));
    $("point-body").replaceChildren(
      make("p", { class: "card-state", "data-status": one.status }, make("i", { class: "card-dot" }), make("b", {}, told(one.status_label)),
        make("span", {}, [one.cause_label && told(one.cause_label), one.status_at && t("自 {at}", { at: moment(one.status_at, now) })].filter(Boolean).join(" · "))),
      make("p", { class: "card-place" }, one.grids.map((grid) => grid.name).join(" › ")),
      make("ul", { class: "card-facts" }, ...[line(t("类别"), one.class_label && told(one.class_label)), line(t("联网"), yes(one.networked)),
        line(t("应联网"), yes(one.should_network)), line(t("整合"), yes(one.integrated))].filter(Boolean)),
      make("h3", {}, t("最近的在办案件")), found,
      make("p", { class: "card-note" }, t("来源 {source} · 只有元数据", { source: one.source })));
  }

  async function load() {
    const mine = ++asked;
    const id = shown;
    try {
      const one = await Wall.api.point(id);
      if (mine === asked) fill(one);
    } catch (fault) {
      if (mine !== asked) return;
      write($("point-title"), masked(id));
      $("point-body").replaceChildren(make("p", { class: "card-note" }, fault.status === 404 ? t("没有这个点位，或本屏无权查看") : t("暂时取不到，稍后再试")));
    }
  }

  function open(id) {
    if (Wall.visitor.on()) return; // it tells of one case
    shown = id;
    $("point").hidden = false;
    $("point-close").focus({ preventScroll: true });
    return load();
  }

  function close() {
    shown = null;
    asked += 1;
    $("point").hidden = true;
  }

  function start() {
    $("point-close").addEventListener("click", close);
    $("point").addEventListener("click", (event) => {
      const { case: number } = event.target.closest("button[data-case]")?.dataset || {};
      if (number) close(), Wall.card.open(number);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !shown) return;
      event.stopImmediatePropagation(); // the card goes first, the grid only with the next Escape
      close();
    }, true);
  }

  /** A panel like the others: status changes of the frames since the last paint. */
  function paint(state, changes) {
    const map = Wall.map.get();
    if (map && following !== map) {
      following = map;
      stale.clear(); // a new map has asked for all of its tiles just now
      map.on("moveend", () => stale.size && soon());
    }
    if (Wall.visitor.on() && shown) close();
    if (map) for (const item of changes.video) note(item); // a map that is yet to come asks for all of them
    if (map && changes.video.length) soon();
    if (shown && changes.video.some((item) => item.point_id === shown)) load();
  }

  Wall.video = { start, open, paint, masked };
})();
