// The ribbon: what was reported over a day, a week or a month. A span drawn on it is all that the map's cases, the heat and
// the feed then show; a moment chosen on it is where the replay begins. Days are those of the centre.
"use strict";
(() => {
  const { make, hide, mark, style, write } = Wall.element;
  const { GRADE, minuteOfDay } = Wall.format;
  const BINS = 72;
  const BIN_MS = 1_200_000;
  const DAY_MS = 86_400_000;
  const DAYS = { day: 1, week: 7, month: 30 };
  const PLACES = 4_000; // where the line of a moment may stand, from end to end
  const AGAIN_MS = 10_000; // between two looks at a week or a month while new cases come in
  const $ = (id) => document.getElementById(id);
  let shown = null; // the state last painted
  let length = "day";
  let last = null; // the last day that the ribbon shows, ISO; null: today, as it goes on
  let bins = []; // {from, to, n, grade}, times in ms
  let drawn = []; // what each bar says: a new case changes one of them
  let spread = ""; // which days and hours are written beside them
  let cursor = null; // the bin the keyboard stands on
  let anchor = null; // where a span begins
  let span = null; // {from, to} in ms: all that is looked at
  let asked = 0;
  let askedAt = -Infinity;
  let wall = null; // {filter(span), go(ms)}

  const grid = () => shown?.grid.code;
  const live = () => length === "day" && last === null;

  /** When the centre's day of `at` began. */
  const midnight = (at) => at - (at % 60_000) - minuteOfDay(new Date(at)) * 60_000;

  /** Today's bins come with the figures, so they are as live as those. */
  function today(state) {
    const start = midnight(Wall.clock.now().getTime());
    return Array.from({ length: BINS }, (_, at) => {
      const figure = state.figures.get(`bin.${at}`) || { n: 0, grade: null };
      return { from: start + at * BIN_MS, to: start + (at + 1) * BIN_MS, n: figure.n, grade: figure.grade };
    });
  }

  async function ask() {
    if (!grid()) return;
    const mine = ++asked;
    askedAt = performance.now();
    try {
      const answer = await Wall.api.ribbon(grid(), length, last);
      if (mine !== asked) return;
      const [n, grade] = [Wall.visitor.count, (bin) => (Wall.visitor.on() ? null : bin.grade)];
      bins = answer.bins.map((bin) => ({ n: n(bin.n), grade: grade(bin), from: Date.parse(bin.from), to: Date.parse(bin.to) }));
      draw();
    } catch (fault) {
      console.warn("no ribbon", fault);
    }
  }

  const two = (value) => String(value).padStart(2, "0");
  const time = (at) => {
    const minutes = minuteOfDay(new Date(at));
    return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  };
  const dayOf = (at) => Wall.format.day(new Date(at));

  /** "14:00–15:20", with the date where it is not of today, and both where it goes over midnight. */
  function words({ from, to }) {
    const date = (at) => (dayOf(at) === dayOf(Wall.clock.now()) ? "" : `${dayOf(at)} `);
    const ends = midnight(to) === to && to - from >= BIN_MS ? to - 1 : to; // the midnight that ends a day is its own
    const until = midnight(to) === to ? "24:00" : time(to);
    return `${date(from)}${time(from)}–${midnight(from) === midnight(ends) ? "" : date(ends) || `${dayOf(ends)} `}${until}`;
  }

  function title(bin) {
    const grade = bin.n && bin.grade ? Wall.t("，最高等级 {grade}", { grade: Wall.t(GRADE[bin.grade] || bin.grade) }) : "";
    return `${words(bin)}　${Wall.t("上报 {n} 件", { n: Wall.format.count(bin.n) })}${grade}`;
  }

  function drawHours() {
    const [first, end] = [bins[0].from, bins[bins.length - 1].from];
    if (spread === `${length} ${first} ${end}`) return;
    spread = `${length} ${first} ${end}`;
    mark($("ribbon-bins"), "data-length", length);
    write($("ribbon-days"), length === "day" ? Wall.format.longDay(new Date(first)) : `${dayOf(first)} – ${dayOf(end)}`);
    const marks = length === "day" ? [0, 18, 36, 54].map((at) => time(bins[at]?.from ?? 0)).concat("24:00")
      : bins.filter((_, at) => at % (length === "week" ? 12 : 5) === 0).map((bin) => dayOf(bin.from));
    const list = $("ribbon-hours");
    mark(list, "data-length", length);
    list.replaceChildren(...marks.map((text) => make("span", {}, text)));
  }

  function draw() {
    const list = $("ribbon-bins");
    if (!bins.length) return;
    style(list, "--bins", bins.length);
    while (list.children.length > bins.length) list.lastChild.remove();
    while (list.children.length < bins.length) list.append(make("i"));
    drawn.length = Math.min(drawn.length, bins.length);
    const top = Math.max(1, ...bins.map((bin) => bin.n));
    const day = dayOf(Wall.clock.now());
    bins.forEach((bin, at) => {
      const node = list.children[at];
      style(node, "--share", bin.n / top);
      const told = [bin.from, bin.to, Wall.format.count(bin.n), bin.grade, day].join();
      if (drawn[at] === told) return;
      drawn[at] = told;
      mark(node, "data-grade", bin.n ? bin.grade : "");
      mark(node, "data-n", bin.n);
      mark(node, "title", title(bin));
    });
    $("ribbon-later").disabled = last === null;
    drawHours();
    now();
    drawSpan();
  }

  /** Where `at` lies on the ribbon, 0 to 1; null where it is not on it. */
  function place(at) {
    if (!bins.length || at < bins[0].from || at > bins[bins.length - 1].to) return null;
    const number = bins.findIndex((bin) => at < bin.to);
    if (number < 0) return 1;
    const bin = bins[number];
    return (number + (at - bin.from) / (bin.to - bin.from)) / bins.length;
  }

  /** The line of the moment that is shown: now, or that of the replay. */
  function now() {
    const node = $("ribbon-now");
    const at = place(Wall.replay.at() ?? Wall.clock.now().getTime());
    hide(node, at === null);
    // What is inherited has every bar styled anew: it moves by what can be seen, not with every second.
    style(node.parentNode, "--at", at === null ? 1 : Math.round(at * PLACES) / PLACES);
  }

  function drawSpan() {
    const node = $("ribbon-span");
    const [from, to] = span ? [place(Math.max(span.from, bins[0]?.from)), place(Math.min(span.to, bins[bins.length - 1]?.to))] : [null, null];
    hide(node, from === null || to === null || from >= to);
    style(node, "--from", from ?? 0);
    style(node, "--to", to ?? 0);
    hide($("ribbon-clear"), !span);
    for (const [at, bin] of [...$("ribbon-bins").children].entries()) bin.classList.toggle("cursor", at === cursor);
  }

  /** Take `chosen` {from, to} or null as what is looked at. */
  function choose(chosen) {
    if (span?.from === chosen?.from && span?.to === chosen?.to) return drawSpan();
    span = chosen;
    if (!span) anchor = cursor = null;
    drawSpan();
    wall.filter(span);
  }

  const between = (a, b) => ({ from: bins[Math.min(a, b)].from, to: bins[Math.max(a, b)].to });

  // The hand

  function binAt(event) {
    const { left, width } = $("ribbon-bins").getBoundingClientRect();
    return Math.min(bins.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * bins.length)));
  }

  function drag() {
    const list = $("ribbon-bins");
    let begun = null;
    list.addEventListener("pointerdown", (event) => {
      if (event.button || !bins.length) return;
      begun = anchor = cursor = binAt(event);
      list.setPointerCapture(event.pointerId);
    });
    list.addEventListener("pointermove", (event) => {
      if (begun === null || binAt(event) === cursor) return;
      cursor = binAt(event);
      span = between(begun, cursor); // drawn at once, asked for when the hand is lifted
      drawSpan();
    });
    list.addEventListener("pointerup", () => {
      if (begun === null) return;
      const chosen = between(begun, cursor);
      begun = span = null;
      choose(chosen);
    });
    list.addEventListener("pointercancel", () => (begun = null));
    list.addEventListener("dblclick", () => cursor !== null && wall.go(bins[cursor].to));
  }

  function keys(event) {
    if (!bins.length || event.ctrlKey || event.metaKey || event.altKey) return;
    const present = bins.findIndex((bin) => Wall.clock.now() < bin.to);
    const from = cursor ?? (present < 0 ? bins.length - 1 : present);
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: bins.length - 1 }[event.key];
    if (event.key === "Enter" && cursor !== null) return event.preventDefault(), wall.go(bins[cursor].to);
    if (to === undefined) return;
    event.preventDefault();
    cursor = cursor === null ? from : Math.min(bins.length - 1, Math.max(0, to));
    if (!event.shiftKey || anchor === null) anchor = event.shiftKey ? from : cursor;
    choose(between(anchor, cursor));
  }

  function move(step) {
    const end = bins.length ? bins[bins.length - 1].from : Wall.clock.now().getTime();
    const to = midnight(end) + step * DAYS[length] * DAY_MS + DAY_MS / 2; // noon: clocks never change then
    last = to >= midnight(Wall.clock.now().getTime()) ? null : Wall.format.iso(new Date(to));
    refresh();
  }

  function refresh() {
    cursor = anchor = null;
    for (const button of document.querySelectorAll("[data-span]")) mark(button, "aria-pressed", button.dataset.span === length);
    if (!live()) return ask();
    asked += 1;
    bins = today(shown);
    draw();
  }

  /** Show the days around a moment, if they are not shown. */
  function reveal(at) {
    if (place(at) !== null) return;
    last = midnight(at) === midnight(Wall.clock.now().getTime()) ? null : Wall.format.iso(new Date(at));
    refresh();
  }

  /** Minutes of a bin: how far a step goes. */
  const stepMs = () => (bins.length ? bins[0].to - bins[0].from : BIN_MS);

  function say(text) {
    write($("ribbon-words"), text);
    mark($("ribbon-words"), "title", text);
  }

  /** `filter({from, to} or null)` shows only that, `go(ms)` goes back to that moment. */
  function start(given) {
    wall = given;
    drag();
    $("ribbon-bins").addEventListener("keydown", keys);
    $("ribbon-clear").addEventListener("click", () => choose(null));
    $("ribbon-earlier").addEventListener("click", () => move(-1));
    $("ribbon-later").addEventListener("click", () => move(1));
    for (const button of document.querySelectorAll("[data-span]")) {
      button.addEventListener("click", () => {
        length = button.dataset.span;
        last = null;
        refresh();
      });
    }
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !span || Wall.card.shown()) return;
      event.stopImmediatePropagation(); // what is chosen goes first, the grid only with the next Escape
      choose(null);
    }, true);
    $("ribbon-clear").hidden = true;
  }

  /** A panel like the others; always of the live state, for it is the way through time itself. */
  function paint(state, changes, whole) {
    const another = shown?.grid.code !== state.grid.code;
    shown = state;
    if (whole && (another || !live())) return refresh();
    if (!whole && ![...changes.figures].some((key) => key.startsWith("bin."))) return;
    if (live()) {
      bins = today(state);
      draw();
    } else if (last === null && performance.now() - askedAt > AGAIN_MS) ask();
  }

  Wall.ribbon = {
    start, paint, now, reveal, choose, words, stepMs, live: true,
    span: () => span, say,
  };
})();
