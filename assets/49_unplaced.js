// What is counted but lies in no grid: the list behind 待定位.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { caseTitle, moment, count } = Wall.format;
  const { t } = Wall;
  const FOLD_MS = 10_000; // a busy centre changes the number with every frame: one question for all of them
  let grid = null;
  let asked = 0;
  let waiting = null;
  let past = false; // a moment of the past is shown
  const $ = (id) => document.getElementById(id);

  async function load() {
    const mine = ++asked;
    past = Wall.replay.at() !== null;
    if (past) { // the cases of now would be taken for those of then
      write($("unplaced-title"), t("待定位"));
      $("unplaced-list").replaceChildren();
      return write($("unplaced-note"), t("回放中：本面板没有当时的数"));
    }
    try {
      const { items, total } = await Wall.api.unplaced(grid);
      if (mine !== asked) return;
      write($("unplaced-title"), t("待定位 {n} 件", { n: count(total) }));
      write($("unplaced-note"), items.length < total ? t("最近的 {n} 件", { n: count(items.length) }) : "");
      $("unplaced-list").replaceChildren(...items.map((one) => make("li", {},
        make("button", { type: "button", class: "quiet", "data-case": one.case_no },
          `${moment(one.reported_at, Wall.clock.now())} · ${caseTitle(one)}`))));
    } catch (fault) {
      if (mine === asked) write($("unplaced-note"), t("暂时取不到，稍后再试"));
      console.warn("the list of cases without a place did not come", fault);
    }
  }

  function soon() {
    waiting ??= setTimeout(() => {
      waiting = null;
      if (!$("unplaced").hidden) load();
    }, FOLD_MS);
  }

  function toggle(wanted) {
    const open = wanted && !Wall.visitor.on(); // cases one by one are not for visitors
    $("unplaced").hidden = !open;
    $("unassigned").setAttribute("aria-expanded", String(open));
    if (open) load();
    else asked += 1;
  }

  function start() {
    $("unassigned").addEventListener("click", () => toggle($("unplaced").hidden));
    $("unplaced-close").addEventListener("click", () => toggle(false));
    $("unplaced-list").addEventListener("click", (event) => {
      const { case: number } = event.target.closest("button")?.dataset || {};
      if (number) Wall.card.open(number);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || $("unplaced").hidden || Wall.card.shown()) return;
      event.stopImmediatePropagation();
      toggle(false);
    }, true);
  }

  /** A panel like the others: another grid, or another number of them, is another list. */
  function paint(state, changes, whole) {
    grid = state.grid.code;
    if (Wall.visitor.on() && !$("unplaced").hidden) toggle(false);
    if ($("unplaced").hidden) return;
    if (whole || past !== (Wall.replay.at() !== null)) load();
    else if (changes.figures.has("unassigned")) soon();
  }

  Wall.unplaced = { start, paint };
})();
