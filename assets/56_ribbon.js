// The day in 72 bins of 20 minutes: how many were reported, the gravest grade as colour, now as a line.
"use strict";
(() => {
  const { make } = Wall.element;
  const { GRADE, minuteOfDay } = Wall.format;
  const BINS = 72;
  const BIN_MINUTES = 1440 / BINS;
  const two = (value) => String(value).padStart(2, "0");
  const time = (minutes) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

  function now() {
    const node = document.getElementById("ribbon-now");
    node.style.setProperty("--at", minuteOfDay(Wall.clock.now()) / 1440);
  }

  function paint(state, changes, whole) {
    if (!whole && ![...changes.figures].some((key) => key.startsWith("bin."))) return;
    const list = document.getElementById("ribbon-bins");
    while (list.children.length < BINS) list.append(make("i"));
    const bins = Array.from({ length: BINS }, (_, at) => state.figures.get(`bin.${at}`) || { n: 0, grade: null });
    const top = Math.max(1, ...bins.map((bin) => bin.n));
    bins.forEach((bin, at) => {
      const node = list.children[at];
      node.style.setProperty("--share", bin.n / top);
      Wall.element.mark(node, "data-grade", bin.n ? bin.grade : "");
      const span = `${time(at * BIN_MINUTES)}–${time((at + 1) * BIN_MINUTES)}`;
      node.title = `${span}　上报 ${bin.n} 件${bin.n && bin.grade ? `，最高等级 ${GRADE[bin.grade] || bin.grade}` : ""}`;
    });
    now();
  }

  Wall.ribbon = { paint, now };
})();
