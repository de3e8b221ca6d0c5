// A list on a wall shows whole rows only: those that do not fit are hidden, and the others share the height.
"use strict";
(() => {
  /** The lists of the panels that the scene shows. */
  const lists = () => document.querySelectorAll(".group .fit");
  const measured = new Map(); // id -> [how many rows the list had, how many of them it may show]
  let asked = false;

  /** How many rows the list may show; stacked on a narrow screen it flows and its stylesheet says how many. */
  function room(list) {
    const style = getComputedStyle(list);
    if (style.overflowY === "visible") return Number(style.getPropertyValue("--rows"));
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const pitch = parseFloat(style.getPropertyValue("--pitch")) * root;
    const least = Number(style.getPropertyValue("--least") || 1); // a list whose heading says it all may be left out
    const most = Math.max(least, Math.floor(list.clientHeight / pitch + 0.02));
    if (most) list.style.setProperty("--stretched", `${list.clientHeight / most}px`);
    return most;
  }

  /** To measure makes the browser lay out the page at once: a row in place of another asks for no measure. */
  function roomOf(list) {
    let [count, most] = measured.get(list.id) || [];
    if (count !== list.children.length) {
      list.style.removeProperty("--stretched");
      most = room(list);
      measured.set(list.id, [list.children.length, most]);
    }
    return most;
  }

  function fitList(list) {
    const most = roomOf(list);
    const rows = [...list.children];
    rows.forEach((row, at) => Wall.element.hide(row, at >= most));
    const note = document.querySelector(`[data-fit-note="${list.id}"]`);
    if (note) Wall.element.write(note, most < rows.length ? Wall.t("前 {n} / {of}", { n: most, of: rows.length }) : "");
  }

  /** Once after the panels have painted, however often it is asked for. */
  function rows() {
    if (asked) return;
    asked = true;
    queueMicrotask(() => {
      asked = false;
      lists().forEach(fitList);
    });
  }

  function start() {
    const observer = new ResizeObserver((entries) => {
      for (const { target } of entries) measured.delete(target.id);
      rows();
    });
    document.querySelectorAll(".fit").forEach((list) => observer.observe(list));
  }

  Wall.fit = { start, rows };
})();
