// A list on a wall shows whole rows only: those that do not fit are hidden, and the others share the height.
"use strict";
(() => {
  const LISTS = ["feed-list", "ranking-list"];
  let asked = false;

  /** How many rows the list may show; stacked on a narrow screen it flows and its stylesheet says how many. */
  function room(list) {
    const style = getComputedStyle(list);
    if (style.overflowY === "visible") return Number(style.getPropertyValue("--rows"));
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const pitch = parseFloat(style.getPropertyValue("--pitch")) * root;
    const most = Math.max(1, Math.floor(list.clientHeight / pitch + 0.02));
    list.style.setProperty("--stretched", `${list.clientHeight / most}px`);
    return most;
  }

  function fitList(list) {
    list.style.removeProperty("--stretched");
    const rows = [...list.children];
    const most = room(list);
    rows.forEach((row, at) => {
      row.hidden = at >= most;
    });
    const note = document.querySelector(`[data-fit-note="${list.id}"]`);
    if (note) Wall.element.write(note, most < rows.length ? `前 ${most} / ${rows.length}` : "");
  }

  /** Measure once after the panels have painted, however often it is asked for. */
  function rows() {
    if (asked) return;
    asked = true;
    queueMicrotask(() => {
      asked = false;
      LISTS.forEach((id) => fitList(document.getElementById(id)));
    });
  }

  function start() {
    const observer = new ResizeObserver(rows);
    LISTS.forEach((id) => observer.observe(document.getElementById(id)));
  }

  Wall.fit = { start, rows };
})();
