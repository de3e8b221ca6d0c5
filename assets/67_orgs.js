// The tree of organisations with their loads: a row opens its own branch, its number the cases behind it.
"use strict";
(() => {
  const { make, write, mark } = Wall.element;
  const { count } = Wall.format;
  let under = ""; // the organisation whose branch is shown; "": the highest
  let grid = null;
  const way = []; // those above it, [code, name]

  function turn(code) {
    under = code;
    Wall.orgs.ask();
  }

  function loads(org, answer) {
    const told = Wall.share.of(org.on_time.numerator, org.on_time.denominator, org.on_time.value);
    const open = make("button", { type: "button", class: "figure row-value", title: Wall.t("在办的案件") }, count(org.open));
    open.addEventListener("click", () =>
      Wall.explain.cases(Wall.t("{name} · 在办", { name: org.name }), `/cases?grid=${encodeURIComponent(answer.grid)}&org=${encodeURIComponent(org.code)}&open=1`, open));
    return [open,
      make("span", { class: "row-late", "data-n": org.overdue }, org.overdue ? count(org.overdue) : "—"),
      make("span", { class: "row-closed" }, count(org.closed)),
      make("span", { class: "row-rate" }, told.small ? "" : told.text, make("small", {}, told.parts || Wall.t("无应办结")))];
  }

  function row(org, answer) {
    const own = org.code === under;
    const name = org.children && !own
      ? make("button", { type: "button", class: "figure row-name" }, org.name, make("small", {}, ` ▸ ${count(org.children)}`))
      : make("span", { class: "row-name" }, org.name);
    if (org.children && !own) {
      name.addEventListener("click", () => {
        way.push([org.code, org.name]);
        turn(org.code);
      });
    }
    return make("li", { "data-org": org.code, "data-open-cases": org.open, "data-own": own ? "" : null, title: `${org.name} · ${Wall.told(org.type_label)}` }, name, ...loads(org, answer));
  }

  function paintWay() {
    const steps = [["", Wall.t("全部单位")], ...way].map(([code, name], at, all) => {
      if (at === all.length - 1) return make("span", { "aria-current": "location" }, name);
      const button = make("button", { type: "button", class: "figure" }, name);
      button.addEventListener("click", () => {
        way.length = at;
        turn(code);
      });
      return button;
    });
    document.getElementById("orgs-way").replaceChildren(...steps.flatMap((step, at) => (at ? [" › ", step] : [step])));
  }

  function fill(answer, body) {
    paintWay();
    const kinds = answer.types.map(({ label, n }) => `${Wall.told(label)} ${count(n)}`).join(" · ");
    mark(document.getElementById("orgs"), "data-types", kinds);
    write(document.getElementById("orgs-types"), kinds);
    mark(document.getElementById("orgs-types"), "title", kinds);
    if (answer.period) { // the same answer may be drawn again
      answer.missing = [Wall.t("按期率自 {day} 起；上级含下级", { day: answer.period.from })];
      if (answer.more) answer.missing.push(Wall.t("另有 {n} 家未列出", { n: count(answer.more) }));
      answer.period = null;
    }
    if (!answer.items.length) return Wall.t("没有单位，需要 org 类来源");
    const [only] = answer.items;
    if (under === "" && answer.items.length === 1 && only.children) {
      // One at the top of all: its branch says more than its row.
      way.push([only.code, only.name]);
      under = only.code;
      queueMicrotask(() => Wall.orgs.ask());
    }
    const rows = [...answer.items].sort((a, b) =>
      Number(b.code === under) - Number(a.code === under) || b.open - a.open || b.closed - a.closed || (a.code < b.code ? -1 : 1));
    body.querySelector("ol").replaceChildren(...rows.map((org) => row(org, answer)));
    return null;
  }

  function path(state) {
    if (state.grid.code !== grid) {
      // Another grid has other organisations: begin at its top.
      grid = state.grid.code;
      under = "";
      way.length = 0;
    }
    return `/orgs?grid=${encodeURIComponent(grid)}&under=${encodeURIComponent(under)}&limit=200`;
  }

  Wall.orgs = Wall.asking({ name: "orgs", keys: ["loop.", "tile.K11"], path, fill });
})();
