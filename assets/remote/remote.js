// The commander's phone: which walls hang where and show what; a scene, a grid or an incident for one, some or all of them.
"use strict";
(() => {
  const { t } = Wall;
  const { make, write, mark } = Wall.element;
  const { caseTitle, casePlace, moment, minute } = Wall.format;
  const EVERY_MS = 3_000;
  const ROWS = 30;
  const MINUTES = [5, 10, 30, 60];
  const $ = (name) => document.querySelector(`[data-part="${name}"]`);
  const chosen = { walls: new Set(), scene: null, grid: null, case: null, lock: false, minutes: 10 };
  let walls = [];
  let scenes = [];
  let asked = 0;

  async function ask(path, body) {
    const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`/api/v1${path}`, request);
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.detail || String(answer.status));
    return told;
  }

  const say = (text) => write($("says"), text);
  const button = (text, marks, press) => {
    const node = make("button", { type: "button", ...marks }, ...[].concat(text));
    node.addEventListener("click", press);
    return node;
  };
  const press = (node, on) => mark(node, "aria-pressed", Boolean(on));
  const titleOf = (id) => t(scenes.find((one) => one.id === id)?.title || id || "");

  // Walls

  function shown(wall) {
    if (!wall.here) return t("{n} 秒没有消息", { n: wall.age_s });
    const { scene, grid_name: grid, case: number, visitors } = wall.shows;
    return [titleOf(scene), grid, number, visitors && t("接待模式"), wall.shows.order && t("受指挥")].filter(Boolean).join(" · ");
  }

  let painted = null; // what the list says, without how long a wall has been silent

  function paintWalls() {
    const rows = [...$("walls").querySelectorAll("[data-wall]")];
    const says = JSON.stringify([[...chosen.walls], walls.map((wall) => [wall.name, wall.grid_name, wall.here, wall.here && shown(wall)])]);
    if (says !== painted) {
      painted = says;
      return makeWalls();
    }
    return rows.forEach((row, at) => write(row.querySelector("small"), shown(walls[at])));
  }

  function makeWalls() {
    const all = button([make("b", {}, t("所有大屏")), make("span", {}, t("{n} 块", { n: walls.length }))], { class: "row" }, () => {
      chosen.walls.clear();
      paintWalls();
    });
    press(all, !chosen.walls.size);
    const rows = walls.map((wall) => {
      const row = button([make("b", {}, wall.name), make("span", {}, wall.grid_name || ""), make("small", {}, shown(wall))],
        { class: "row", "data-wall": wall.name, "data-here": wall.here ? "1" : "" }, () => {
          if (!chosen.walls.delete(wall.name)) chosen.walls.add(wall.name);
          paintWalls();
        });
      press(row, chosen.walls.has(wall.name));
      return row;
    });
    $("walls").replaceChildren(all, ...rows);
    write($("none"), walls.length ? "" : t("没有大屏在线。大屏用 /?kiosk=1 或 /?wall=名称 打开，才会列在这里。"));
  }

  async function look() {
    try {
      const told = await ask("/walls");
      walls = told.items;
      if (!scenes.length) {
        scenes = told.scenes;
        paintScenes();
      }
      for (const name of [...chosen.walls]) if (!walls.some((wall) => wall.name === name)) chosen.walls.delete(name);
      paintWalls();
      mark(document.body, "data-live", "1");
    } catch (fault) {
      mark(document.body, "data-live", "");
      say(fault.message);
    }
  }

  // What to show

  function paintScenes() {
    $("scenes").replaceChildren(...scenes.map((scene) => {
      const node = button(t(scene.title), { "data-scene": scene.id }, () => {
        chosen.scene = chosen.scene === scene.id ? null : scene.id;
        paintScenes();
      });
      press(node, chosen.scene === scene.id);
      return node;
    }));
    summary();
  }

  function paintGrids(view) {
    const way = view.breadcrumb.map((grid) => button(grid.name, { class: "step" }, () => open(grid.code)));
    const here = button(t("投送 {name}", { name: view.grid.name }), { class: "row", "data-grid": view.grid.code }, () => {
      Object.assign(chosen, { grid: chosen.grid?.code === view.grid.code ? null : view.grid, case: null });
      paintGrids(view);
      summary();
    });
    press(here, chosen.grid?.code === view.grid.code);
    const below = view.children.map((grid) => button(grid.name, { "data-open": grid.code }, () => open(grid.code)));
    $("grids").replaceChildren(make("nav", { class: "way" }, ...way), here, make("div", { class: "chips" }, ...below));
  }

  /** What waits to be acknowledged first, then what came last. */
  function paintCases(view) {
    const alarmed = view.alerts.filter((one) => one.subject_type === "CASE" && one.facts.category)
      .map((one) => ({ ...one, ...one.facts, case_no: one.subject, placed: true, at: one.first_at }));
    const known = new Set(alarmed.map((one) => one.case_no));
    const rows = [...alarmed, ...view.feed.filter((one) => !known.has(one.case_no)).map((one) => ({ ...one, at: one.reported_at }))];
    $("cases").replaceChildren(...rows.slice(0, ROWS).map((one) => {
      const node = button([make("b", {}, caseTitle(one)), make("span", {}, moment(one.at, new Date())), make("small", {}, casePlace(one))],
        { class: "row", "data-case": one.case_no, "data-severity": one.severity || "" }, () => {
          Object.assign(chosen, { case: chosen.case?.case_no === one.case_no ? null : one, grid: null });
          paintCases(view);
          summary();
        });
      press(node, chosen.case?.case_no === one.case_no);
      return node;
    }));
  }

  async function open(code) {
    const mine = ++asked;
    try {
      const view = await ask(code ? `/view?grid=${encodeURIComponent(code)}` : "/view");
      if (mine !== asked) return;
      Wall.format.useZone(view.centre.timezone);
      write($("centre"), view.centre.name);
      paintGrids(view);
      paintCases(view);
    } catch (fault) {
      say(fault.message);
    }
  }

  function paintTerms() {
    $("minutes").replaceChildren(...MINUTES.map((n) => {
      const node = button(t("{n} 分", { n }), { "data-minutes": n }, () => {
        chosen.minutes = n;
        paintTerms();
      });
      press(node, chosen.minutes === n);
      return node;
    }));
    press($("lock"), chosen.lock);
    summary();
  }

  function summary() {
    const what = [chosen.scene && titleOf(chosen.scene), chosen.grid?.name, chosen.case && caseTitle(chosen.case)].filter(Boolean).join(" · ");
    write($("what"), what || t("还没有选要显示什么"));
    $("send").disabled = !what;
  }

  // Sending

  const names = () => (chosen.walls.size ? { walls: [...chosen.walls] } : {});

  async function send(path, body, done) {
    say("");
    try {
      const { items } = await ask(path, body);
      say(done(items));
      await look();
    } catch (fault) {
      say(fault.message);
    }
  }

  function order() {
    const { scene, lock, minutes } = chosen;
    const body = { ...names(), lock, minutes };
    if (scene) body.scene = scene;
    if (chosen.grid) body.grid = chosen.grid.code;
    if (chosen.case) body.case_no = chosen.case.case_no;
    send("/walls/orders", body, ([one]) => t("已投送，到 {until} 自动返回", { until: minute(new Date(one.until)) }));
  }

  const section = (title, ...children) => make("section", {}, make("h2", {}, title), ...children);
  const part = (tag, name, marks = {}) => make(tag, { "data-part": name, ...marks });

  function build() {
    const lock = button(t("锁定：轮播和现场操作都停"), { "data-part": "lock", class: "row" }, () => {
      chosen.lock = !chosen.lock;
      paintTerms();
    });
    document.getElementById("remote").replaceChildren(
      make("header", {}, part("h1", "centre"), make("span", {}, t("指挥大屏"))),
      section(t("投到哪里"), part("div", "walls", { class: "rows" }), part("p", "none", { class: "note" })),
      section(t("场景"), part("div", "scenes", { class: "chips" })),
      section(t("网格"), part("div", "grids", { class: "rows" })),
      section(t("案件"), part("div", "cases", { class: "rows" })),
      section(t("多久"), part("div", "minutes", { class: "chips" }), lock),
      make("footer", {}, part("p", "what"), part("p", "says", { role: "status" }),
        button(t("放开"), { "data-part": "release" }, () => send("/walls/release", names(), () => t("已放开"))),
        button(t("投送"), { "data-part": "send" }, order)));
    paintTerms();
  }

  build();
  open(null);
  look();
  setInterval(look, EVERY_MS);
})();
