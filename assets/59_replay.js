// Back in time: the panels and the map show a moment as it was known then, while the live line goes on behind them.
// Also what a span of the ribbon leaves of the feed and the map, then or now.
"use strict";
(() => {
  const { mark, write } = Wall.element;
  const STEP_MS = 1_000; // a step of the play
  const AGAIN_MS = 5_000; // between two looks at a span while new cases come in
  const KEYS = ["figures", "rows", "cases", "alerts"];
  const SPEEDS = [1, 10, 60, 360]; // minutes that pass in a second
  const RANK = { RED: 0, ORANGE: 1, YELLOW: 2, BLUE: 3 };
  const $ = (id) => document.getElementById(id);
  let past = null; // the state at the moment shown; null: live
  let at = null; // that moment, ms
  let told = null; // the answer it came with
  let drawn = null; // the boundaries that the map shows, where they are not those of the live state
  let turn = 0; // the last asked-for moment wins
  let playing = false;
  let speed = 10; // minutes a second
  let timer = null;
  let touchedAt = performance.now();
  let span = null; // {from, to} in ms
  let held = null; // the answer for the span: {feed, cases, n}
  let spanTurn = 0;
  let spanAt = -Infinity;
  let owed = null; // changes that the next paint owes to the panels, beside those of the state itself
  let anew = false; // and whether they are to be painted whole
  let wall = null; // {state(), view(), painter(), shapes(code, on), draw(shapes), say(text)}

  const iso = (ms) => new Date(ms).toISOString();
  const stamp = (ms) => Wall.format.stamp(new Date(ms));

  /** What goes with every question about what is shown: "&at=…&from=…&to=…". */
  function query(also = "") {
    const parts = [];
    if (at !== null) parts.push(`at=${encodeURIComponent(iso(at))}`);
    if (span) parts.push(`from=${encodeURIComponent(iso(span.from))}`, `to=${encodeURIComponent(iso(span.to))}`);
    return parts.length ? `&${parts.join("&")}${also}` : also;
  }

  // What the panels are given

  /** Everything of both states may look different; nothing has arrived, nothing was raised. */
  function differing(before, after) {
    const changes = Wall.state.nothing();
    const keys = (state) => ({
      figures: state.figures.keys(), rows: state.feed.map((row) => row.case_no), cases: state.cases.keys(), alerts: state.alerts.keys(),
    });
    for (const one of [keys(before), keys(after)]) for (const name of KEYS) for (const key of one[name]) changes[name].add(key);
    return changes;
  }

  function owe(before, after) {
    const changes = differing(before, after);
    if (owed) for (const name of KEYS) for (const key of owed[name]) changes[name].add(key);
    owed = changes;
    anew ||= before.grid.code !== after.grid.code || before.boundaries !== after.boundaries;
    wall.painter().soon();
  }

  /** The state with only what lies in the span. */
  function narrowed(state) {
    if (!span || !held || held.grid !== state.grid.code) return state;
    return { ...state, feed: held.feed, cases: held.map, tiled: false }; // tiles hold every case, whenever it was reported
  }

  /** The state that is shown, of the live one. */
  const shownOf = (live) => narrowed(past && past.grid.code === live.grid.code ? past : live);

  /** For the painter: what the panels are to paint in place of the live state and its changes. */
  function shown(live, changes, whole) {
    const state = shownOf(live);
    const replaced = state !== live;
    let mine = changes;
    if (replaced) {
      if (span && !past && (changes.rows.size || changes.cases.size)) renewSpan();
      mine = { ...Wall.state.nothing(), figures: past ? new Set() : changes.figures, alerts: past ? new Set() : changes.alerts };
    }
    if (owed) for (const name of KEYS) for (const key of owed[name]) mine[name].add(key);
    const all = whole || anew;
    owed = null;
    anew = false;
    return { state, changes: mine, whole: all };
  }

  // A span

  async function loadSpan() {
    const mine = ++spanTurn;
    spanAt = performance.now();
    const live = wall.state();
    const wanted = span;
    try {
      const answer = await Wall.api.span(live.grid.code, query());
      if (mine !== spanTurn || !span || live.grid.code !== wall.state().grid.code) return;
      const before = shownOf(wall.state());
      held = { ...answer, map: new Map(answer.cases.map((one) => [one.case_no, one])) };
      owe(before, shownOf(wall.state()));
      say();
    } catch (fault) {
      if (mine !== spanTurn || span !== wanted) return;
      console.warn("no span", fault);
      Wall.ribbon.say(Wall.t("这一段暂时取不到"));
    }
  }

  function renewSpan() {
    const wait = Math.max(0, spanAt + AGAIN_MS - performance.now());
    if (renewSpan.waiting) return;
    renewSpan.waiting = setTimeout(() => {
      renewSpan.waiting = null;
      if (span && !past) loadSpan();
    }, wait);
  }

  /** Show only what was reported within {from, to}; null: everything again. */
  function filter(chosen) {
    const before = shownOf(wall.state());
    span = chosen;
    held = null;
    mark(document.body, "data-span", span ? `${iso(span.from)}/${iso(span.to)}` : "");
    if (!span) delete document.body.dataset.span;
    spanTurn += 1;
    if (span) loadSpan();
    else owe(before, shownOf(wall.state()));
    Wall.heat.renew();
    say();
  }

  // A moment

  function say() {
    const parts = [];
    if (span) {
      const n = held ? Wall.t("上报 {n} 件", { n: Wall.format.count(Wall.visitor.count(held.n)) }) : Wall.t("正在取…");
      parts.push(Wall.t("只看 {span} 上报的：{n}", { span: Wall.ribbon.words(span), n }));
      if (held?.part) parts.push(Wall.t("在办案件太多，图上只有其中一部分"));
    }
    if (told) parts.push(...told.notes.map(Wall.told));
    if (past) parts.push(Wall.t("视频点位、案件卡和由来是现在的"));
    Wall.ribbon.say(parts.join(" · "));
    const badge = $("replay-words");
    badge.hidden = !past;
    if (!past) return;
    const moment = `${Wall.format.longDay(new Date(at))} ${Wall.format.clock(new Date(at))}`;
    write(badge, told.exact ? Wall.t("回放 {moment} · 不是实时", { moment }) : Wall.t("回放 {moment} · 推定 · 不是实时", { moment }));
    mark(badge, "title", [Wall.t("当时所知的样子"), ...told.notes.map(Wall.told)].join("\n"));
  }

  function press() {
    $("replay-speed").hidden = !past;
    $("replay-live").hidden = !past;
    $("replay-frame").hidden = !past;
    write($("replay-play"), playing ? Wall.t("暂停") : Wall.t("播放"));
    mark($("replay-play"), "aria-pressed", playing);
    write($("replay-speed"), speed < 60 ? Wall.t("{n} 分/秒", { n: speed }) : Wall.t("{n} 时/秒", { n: speed / 60 }));
  }

  /** The polygons of the day that is shown, where they are not those on the map. */
  async function borders(mine) {
    const wanted = past?.boundaries ?? wall.state().boundaries;
    const there = drawn ?? wall.state().boundaries;
    if (wanted === there) return;
    const shapes = await wall.shapes(wall.state().grid.code, past ? Wall.format.iso(new Date(at)) : null);
    if (mine !== turn) return;
    drawn = past ? wanted : null;
    wall.draw(shapes);
    anew = true;
    wall.painter().soon();
  }

  function take(answer, ms) {
    const before = shownOf(wall.state());
    if (!past) Wall.explain.close(); // what it lays open is of now
    past = Wall.state.fromView(answer);
    [told, at] = [answer, ms];
    document.body.dataset.replay = stamp(ms);
    Wall.ribbon.reveal(ms);
    Wall.ribbon.now();
    press();
    say();
    owe(before, shownOf(wall.state()));
    if (span) loadSpan();
    Wall.heat.renew();
    Wall.address.write(wall.view(), false);
  }

  /** Go to a moment (ms). Answers whether it is shown; one that is not before now is now itself. */
  async function go(ms) {
    if (ms >= Wall.clock.now().getTime()) return leave();
    const mine = ++turn;
    try {
      const answer = await Wall.api.viewAt(wall.state().grid.code, iso(ms));
      if (mine !== turn || answer.grid.code !== wall.state().grid.code) return false;
      take(answer, ms);
      await borders(mine);
      return true;
    } catch (fault) {
      if (mine !== turn) return false;
      pause();
      console.warn("no such moment", fault);
      Wall.ribbon.say(fault.status === 422 ? Wall.t("这一刻之后变化太多，本网格回放不了；请下钻，或选近一些的时刻") : Wall.t("这一刻暂时取不到"));
      return false;
    }
  }

  /** Back to now, at once: the live state was kept up to date all the while. */
  function leave() {
    turn += 1;
    pause();
    if (!past) return false;
    const before = shownOf(wall.state());
    past = told = at = null;
    delete document.body.dataset.replay;
    press();
    say();
    owe(before, shownOf(wall.state()));
    if (span) loadSpan();
    Wall.ribbon.now();
    Wall.heat.renew();
    Wall.address.write(wall.view(), false);
    borders(turn).catch(Wall.errors.caught);
    warn();
    return true;
  }

  /** Another grid is about to be opened: what was known of it at the moment shown; null where none is, or it cannot be told. */
  async function ahead(grid) {
    if (at === null) return null;
    try {
      return await Wall.api.viewAt(grid, iso(at));
    } catch (fault) {
      console.warn("no such moment", fault);
      return null;
    }
  }

  /** Another grid has been opened: the same moment there, and the same span. */
  function follow(answer) {
    drawn = held = null;
    if (at !== null && answer?.grid.code === wall.state().grid.code) take(answer, at);
    else leave();
    if (span && !past) loadSpan();
  }

  // Play

  function pause() {
    playing = false;
    clearTimeout(timer);
    if (wall) press();
  }

  async function advance() {
    await go(at + speed * 60_000);
    if (playing && past) timer = setTimeout(advance, STEP_MS);
  }

  async function play() {
    if (playing) return pause();
    playing = true;
    press();
    const begin = at ?? span?.from ?? Wall.clock.now().getTime() - 6 * Wall.ribbon.stepMs();
    if (at === null && !(await go(begin))) return pause();
    if (playing) timer = setTimeout(advance, STEP_MS);
  }

  function step(direction) {
    pause();
    return go((at ?? Wall.clock.now().getTime()) + direction * Wall.ribbon.stepMs());
  }

  // Left alone, and alerts of now

  const idleMs = () => 1_000 * (wall.state()?.replay?.idle_s ?? 600);

  /** A red alert of now is told also while another time is shown. */
  function warn() {
    const box = $("replay-alert");
    const red = past && !Wall.visitor.on() ? [...wall.state().alerts.values()].filter((one) => one.state === "OPEN" && one.severity === "RED") : [];
    red.sort((a, b) => RANK[a.severity] - RANK[b.severity] || Date.parse(b.last_at) - Date.parse(a.last_at));
    box.hidden = !red.length;
    if (!red.length) return;
    box.dataset.alertId = red[0].alert_id;
    const rest = red.length > 1 ? Wall.t("，另有 {n} 条", { n: red.length - 1 }) : "";
    write($("replay-alert-says"), `${Wall.t("现在")} · ${Wall.alerts.says(red[0])}${rest}`);
  }

  function listen() {
    $("replay-play").addEventListener("click", play);
    $("replay-back").addEventListener("click", () => step(-1));
    $("replay-on").addEventListener("click", () => step(1));
    $("replay-live").addEventListener("click", leave);
    $("replay-alert-ack").addEventListener("click", () => Wall.alerts.acknowledge($("replay-alert").dataset.alertId, $("replay-alert-ack")));
    $("replay-speed").addEventListener("click", () => {
      speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
      press();
    });
    for (const event of ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"]) {
      addEventListener(event, () => (touchedAt = performance.now()), { passive: true, capture: true });
    }
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !past || Wall.ribbon.span() || Wall.card.shown()) return;
      event.stopImmediatePropagation(); // another time goes first, the grid only with the next Escape
      leave();
    }, true);
    setInterval(() => past && performance.now() - touchedAt > idleMs() && leave(), 1_000);
  }

  /** `wall`: {state(), view(), painter(), shapes(code, on), draw(shapes)}. */
  function start(given) {
    wall = given;
    listen();
    press();
    Wall.ribbon.start({ filter, go });
  }

  /** Go where the address says: a moment, or now. */
  function restore(text) {
    const ms = Date.parse(text || "");
    return Number.isNaN(ms) ? leave() : go(ms);
  }

  /** Among the panels, of the live state. */
  const watch = {
    paint(state, changes, whole) {
      if (whole || changes.alerts.size) warn();
    },
  };

  Wall.replay = {
    start, restore, ahead, follow, shown, borders: () => borders(turn).catch(Wall.errors.caught), shownOf, query, watch, leave, go,
    at: () => at, span: () => span, address: () => (at === null ? null : stamp(at)),
  };
})();
