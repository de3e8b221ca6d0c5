// Any number laid open: what it means, n / N, of which period, from which sources, what was left out, and the rows behind.
// Opened by a click or Enter on anything marked `data-indicator` or `data-explain`.
"use strict";
(() => {
  const { make, write, mark } = Wall.element;
  const { count, parts, moment } = Wall.format;
  let shown = null;
  let asked = 0;
  let opener = null; // gets the focus back
  let grid = () => null;
  let figureOf = () => null;
  const $ = (id) => document.getElementById(id);

  function section(title, ...children) {
    return make("section", {}, make("h3", {}, title), ...children);
  }

  const fact = (word, ...told) => make("li", {}, make("span", { class: "card-word" }, word), make("span", {}, ...told));

  function valueText(one) {
    if (one.value === null) return one.numerator === null ? Wall.t("没有报数") : "—";
    return `${one.unit === "%" ? one.value.toFixed(1) : count(one.value)} ${Wall.told(one.unit)}`;
  }

  function nOfN(one) {
    if (one.denominator === null || one.numerator === null) return null;
    return fact(Wall.told(one.of) || "n / N", parts(one.numerator, one.denominator),
      one.interval ? Wall.t("，95% 区间 {low}–{high}%", { low: one.interval[0].toFixed(1), high: one.interval[1].toFixed(1) }) : "");
  }

  function sources(one, now) {
    if (!one.sources.length) return make("p", { class: "card-note" }, Wall.t("没有来源报过"));
    return make("ul", { class: "card-facts" }, ...one.sources.map((source) =>
      fact(source.name, source.as_of ? Wall.t("截至 {time}", { time: moment(source.as_of, now) }) : Wall.t("尚未更新"))));
  }

  function scored(one) {
    if (!one.parts.length) return null;
    return section(Wall.t("各项"), make("ul", { class: "card-facts" }, ...one.parts.map((part) => fact(Wall.told(part.label),
      part.points === null ? "—" : Wall.t("{points} / {weight} 分", { points: part.points, weight: part.weight }),
      part.denominator === null ? "" : ` · ${parts(part.numerator, part.denominator)} · ${Wall.told(part.period)}`))));
  }

  function compared(one) {
    if (!one.comparisons.length) return null;
    return section(Wall.t("比较"), make("ul", { class: "card-facts" }, ...one.comparisons.map((other) => fact(Wall.told(other.name), Wall.told(other.text),
      other.then.numerator === null ? "" : [` · ${Wall.told(other.then.text)} ${other.then.denominator === null ? count(other.then.numerator) : parts(other.then.numerator, other.then.denominator)}`, other.note ? Wall.told(other.note) : ""].filter(Boolean).join(" · ")))));
  }

  /** Days that were final and then told otherwise: what they said, what they say, since when. */
  function restated(one, now) {
    if (!one.restated.length) return null;
    return section(Wall.t("已修订"), make("ul", { class: "card-facts" }, ...one.restated.map((day) =>
      fact(day.day, day.changed.map((part) => `${Wall.told(part.label)} ${count(part.before)} → ${count(part.after)}`).join(" · "), ` · ${moment(day.at, now)}`))));
  }

  function behind(one) {
    const rows = Object.entries(one.rows);
    if (!rows.length) return section(Wall.t("背后的记录"), make("p", { class: "card-note" }, Wall.t("这个数不能逐条列出")));
    const named = one.of ? one.of.split(" / ") : [];
    const box = make("div", {});
    const buttons = rows.map(([part, path]) => {
      const name = part === "numerator" ? named[0] : named[1];
      const told = { name: Wall.told(name || "") };
      const listed = part === "rest" ? Wall.t("列出：{name}的其余", told) : Wall.t("列出：{name}", told);
      const button = make("button", { type: "button", class: "quiet", "data-rows": part }, name ? listed : Wall.t("逐条列出"));
      button.addEventListener("click", () => Wall.caseList.into(box, path.replace(/^\/api\/v1/, "")));
      return button;
    });
    return section(Wall.t("背后的记录"), make("p", { class: "explain-rows" }, ...buttons), box);
  }

  function fill(one) {
    const now = Wall.clock.now();
    write($("explain-title"), Wall.told(one.label));
    const period = [one.period.text, one.period.note, one.period.rule].filter(Boolean).map(Wall.told).join(" · ");
    const left = one.left_out.length
      ? one.left_out.map((row) => fact(Wall.told(row.reason), Wall.t("{n} 件", { n: count(row.n) }))) : [fact(Wall.t("未计入"), Wall.t("没有"))];
    $("explain-body").replaceChildren(...[
      make("p", { class: "explain-value", "data-value": one.value }, valueText(one)),
      make("ul", { class: "card-facts" }, nOfN(one), fact(Wall.t("网格"), one.grid.name), fact(Wall.t("期间"), period),
        one.reported ? fact(Wall.t("报数"), Wall.told(one.reported.text), one.reported.revised ? Wall.t("，已修订") : "") : null,
        fact(Wall.t("截至"), moment(one.as_of, now)), one.note ? fact(Wall.t("注意"), Wall.told(one.note)) : null),
      section(Wall.t("定义"), make("p", {}, Wall.told(one.formula))),
      section(Wall.t("未计入的"), make("ul", { class: "card-facts" }, ...left)),
      scored(one), compared(one), restated(one, now), section(Wall.t("来源"), sources(one, now)), behind(one),
    ].filter(Boolean));
  }

  async function load() {
    const mine = ++asked;
    const { id, ...about } = shown;
    const query = Object.fromEntries(Object.entries(about).filter(([, value]) => value));
    try {
      const one = await Wall.api.explain(id, query);
      if (mine === asked) fill(one);
    } catch (fault) {
      if (fault.status === undefined) throw fault;
      if (mine !== asked) return;
      $("explain-body").replaceChildren(make("p", { class: "card-note" },
        fault.status === 404 ? Wall.t("没有这个指标，或本屏无权查看") : Wall.t("暂时取不到，稍后再试")));
    }
  }

  /** Open the overlay with a title; what stands in it is for `then` to say. */
  function show(title, from) {
    opener ??= from;
    asked += 1;
    write($("explain-title"), title);
    $("explain-body").replaceChildren(make("p", { class: "card-note", role: "status" }, Wall.t("正在取数…")));
    $("explain").hidden = false;
    $("explain-close").focus({ preventScroll: true });
  }

  function open(about, from) {
    if (Wall.visitor.on()) return null; // n and N of anything, and the cases behind it
    shown = { ...about, grid: about.grid || grid() };
    mark($("explain"), "data-shown", about.id);
    show("", from);
    if (Wall.replay.at() === null) return load();
    // What the server lays open is of now; beside a wall of then it would explain another number.
    return $("explain-body").replaceChildren(make("p", { class: "card-note" }, Wall.t("回放中，不能打开一个数的由来；先回到实时")));
  }

  /** The same overlay for a list of cases: `path` under /api/v1. */
  function cases(title, path, from) {
    if (Wall.visitor.on()) return null;
    shown = null;
    mark($("explain"), "data-shown", "cases");
    show(title, from);
    return Wall.caseList.into($("explain-body"), path);
  }

  function close() {
    asked += 1;
    shown = null;
    $("explain").hidden = true;
    mark($("explain"), "data-shown", "");
    opener?.focus?.({ preventScroll: true });
    opener = null;
  }

  /** What the element under the hand can lay open, or null. */
  function aboutOf(target) {
    const node = target.closest?.("[data-explain], [data-indicator]");
    if (!node || node.closest("#explain") || Wall.visitor.on()) return null; // visitors see no small count, and no case
    const { explain, indicator, grid: code, from, to } = node.dataset;
    if (explain) return { id: explain, grid: code, from, to };
    if (target.closest("a, button")) return null;
    const figure = figureOf(indicator);
    return { id: indicator, from: figure?.from, to: figure?.to };
  }

  function listen() {
    $("explain-close").addEventListener("click", close);
    document.addEventListener("click", (event) => {
      const about = aboutOf(event.target);
      if (!about) return;
      event.preventDefault();
      event.stopPropagation(); // the row around it may be a link
      open(about, event.target.closest("[data-explain], [data-indicator]"));
    }, true);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !$("explain").hidden) {
        event.stopImmediatePropagation(); // the overlay goes first, then the card, then the grid
        return close();
      }
      const tile = event.key === "Enter" && event.target.matches?.("[data-indicator]") ? aboutOf(event.target) : null;
      if (!tile) return;
      event.preventDefault(); // or the key would press the button that gets the focus
      open(tile, event.target);
    }, true);
  }

  /** `state()` gives the current state of the page. */
  function start(state) {
    grid = () => state()?.grid.code;
    figureOf = (id) => state()?.figures.get(`tile.${id}`);
    listen();
  }

  Wall.explain = { start, open, cases, close };
})();
