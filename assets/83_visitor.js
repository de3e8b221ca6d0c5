// Visitor mode: what is of one case, and every count so small that it nearly is, leaves the screen; panels are given a state
// without them. Larger counts are shown in fives, so that no difference tells a small one. Only the duty's token ends it.
"use strict";
(() => {
  const { make, write, mark } = Wall.element;
  const { FEW, count } = Wall.format;
  const { t } = Wall;
  const KEY = "yiping.visitors";
  const LEAST = 5;
  let on = false;
  let dialog = null;
  let changed = () => {};
  try {
    on = localStorage.getItem(KEY) === "1";
  } catch {
    // a browser that keeps nothing: it lasts as long as the page
  }

  /** A count as visitors see it: in fives, `FEW` below five. */
  const coarse = (n) => (n === null || n === undefined ? n : n < LEAST ? FEW : n - (n % LEAST));

  /** A share tells a small count where few are in it, or few are not. */
  function share(figure) {
    const { numerator: n, denominator: of } = figure;
    const told = figure.value !== null && Math.min(n, of - n) >= LEAST;
    return { value: told ? Math.round(figure.value) : null, text: told ? String(Math.round(figure.value)) : "—" };
  }

  function tile(figure) {
    const { label, unit, period, formula, sources, as_of, light } = figure;
    const shared = figure.denominator !== null && figure.denominator !== undefined && figure.value !== figure.numerator;
    const value = coarse(figure.value);
    const told = shared ? share(figure) : { value, text: figure.value === null ? "—" : count(value) };
    const comparison = { text: shared ? t("取整") : t("约数，5 件一档") };
    return { label, unit, comparison, period, formula, sources, as_of, light, numerator: null, denominator: null,
      spark: figure.value >= LEAST ? figure.spark : null, ...told };
  }

  const some = (n) => (n >= LEAST ? n - (n % LEAST) : null);
  const COVER = {
    tile,
    loop: ({ n }) => ({ n: coarse(n), detail: "" }),
    category: ({ n }) => ({ n: coarse(n) }),
    child: ({ n }) => ({ n: coarse(n), closed_on_time: 0, closed_due: 0, covered: true }),
    bin: ({ n }) => ({ n: coarse(n), grade: null }),
    day: ({ reported, closed, low, high }) => ({ reported: some(reported), closed: some(closed), low: some(low), high: some(high) }),
    unassigned: ({ total, n, of }) => ({ total: coarse(total), n: coarse(n), of: coarse(of) }),
    as_of: (at) => at,
    calendar: (days) => days,
  };

  /** The figures that visitors may see: of kinds that are known here, the others not at all. */
  function cover(figures) {
    const seen = new Map();
    let rest = 0;
    for (const [key, figure] of figures) {
      const kind = key.split(".", 1)[0];
      if (kind === "category" && figure.n < LEAST) rest += figure.n;
      else if (COVER[kind]) seen.set(key, COVER[kind](figure));
    }
    if (rest >= LEAST) seen.set(`category.${t("少于 5 件的类")}`, { n: coarse(rest) });
    return seen;
  }

  /** The state as it may be painted now. */
  function seen(state) {
    if (!on || !state) return state;
    return { ...state, feed: [], cases: new Map(), alerts: new Map(), figures: cover(state.figures) };
  }

  function tell() {
    document.body.classList.toggle("visitors", on);
    mark(document.getElementById("visitor"), "aria-pressed", on);
    write(document.getElementById("visitor"), on ? t("接待模式") : t("接待"));
    const words = on ? t("接待模式，不展示") : "";
    for (const node of document.querySelectorAll("[data-panel]:not([data-visitors])")) mark(node, "data-cover", words);
  }

  function keep(value) {
    on = value;
    try {
      localStorage.setItem(KEY, on ? "1" : "");
    } catch {
      // as above
    }
    tell();
    changed();
  }

  function close() {
    Wall.card.close();
    Wall.explain.close();
  }

  function enter() {
    close();
    keep(true);
  }

  /** Ask the server whether `token` is the duty's; without displays this machine needs none. */
  async function leave(token) {
    const answer = await fetch("/api/v1/visitors/leave", { method: "POST", body: JSON.stringify({ token }) }).catch(() => null);
    if (answer?.ok) {
      dialog.close();
      keep(false);
      return;
    }
    const words = { 401: token ? t("不是值班令牌") : "", 429: t("试得太多，请一分钟后再试") };
    write(dialog.querySelector(".visitor-says"), words[answer?.status] ?? t("暂时核对不了，稍后再试"));
    dialog.querySelector("input").value = "";
    if (!dialog.open) dialog.showModal();
  }

  function toggle() {
    if (on) leave("");
    else enter();
  }

  function makeDialog() {
    const input = make("input", { type: "password", autocomplete: "off", "aria-label": t("值班令牌") });
    const close = make("button", { type: "button", class: "quiet" }, t("取消"));
    const form = make("form", { method: "dialog" }, make("h2", {}, t("退出接待模式")), make("label", {}, t("值班令牌"), input),
      make("p", { class: "visitor-says", role: "status" }), close, make("button", { class: "quiet" }, t("退出")));
    close.addEventListener("click", () => dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      leave(input.value);
    });
    dialog = make("dialog", { class: "visitor-dialog" }, form);
    document.getElementById("wall").append(dialog);
  }

  /** `told()` follows every change. */
  function start(told) {
    makeDialog();
    tell();
    changed = told;
    document.getElementById("visitor").addEventListener("click", toggle);
    document.addEventListener("keydown", (event) => Wall.scenes.isKey(event) && event.key.toLowerCase() === "v" && toggle());
    // Other windows of the same wall go along.
    addEventListener("storage", (event) => {
      if (event.key !== KEY || (event.newValue === "1") === on) return;
      on = event.newValue === "1";
      if (on) close();
      tell();
      changed();
    });
  }

  Wall.visitor = { start, seen, count: (n) => (on ? coarse(n) : n), on: () => on };
})();
