// The start, and the moves: open a grid, go up, go back.
"use strict";
(() => {
  let state = null;
  let view = null; // {scene, grid, layers, heat, …}: what the address says, see 81_scenes.js
  let link = null;
  let painter = null;
  let drawn = false; // every panel stands, the map too
  let heading = null; // the grid that is being opened
  let turn = 0; // the last asked-for move wins, however the answers arrive
  let recovering = false; // the line was lost and we are taking in what we missed
  let missed = 0; // of the rows to paint, those that changed while the page was away
  let paintedAt = null; // performance.now() of the last paint
  let lagMs = 0; // the slowest from commit to paint since the last report

  const AGAIN_MS = 10_000; // before another try to make the map
  const STUCK_MS = 20_000; // a change that was not painted for so long: the page is not well

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const $ = (id) => document.getElementById(id);

  function say(text) {
    $("message").hidden = !text;
    Wall.element.write($("message"), text || "");
  }

  /** Ask until an answer comes: the server may be starting. A refusal (4xx) is thrown; null if a later move overtook it. */
  async function insist(ask, mine) {
    for (let tries = 0; mine === turn; tries += 1) {
      try {
        const answer = await ask();
        return mine === turn ? answer : null;
      } catch (fault) {
        if (fault.status >= 400 && fault.status < 500 && fault.status !== 429) throw fault;
        say(Wall.t("正在连接服务器…"));
        await pause(500 + Math.random() * Math.min(4_500, 500 * 2 ** tries));
      }
    }
    return null;
  }

  /** GeoJSON features: `cells` to colour (the grid itself where it has no children) and the `outline` around them. */
  async function loadShapes(grid, on = null) {
    const [children, outline] = await Promise.all([Wall.api.children(grid, on), Wall.api.outline(grid, on)]);
    const own = outline.features.filter((one) => one.properties.role === "self");
    return { cells: children.features.length ? children.features : own, outline: outline.features };
  }

  /** Take over a loaded view. `before` {epoch, seq} is how far the page had painted before it was away, or null. */
  function settle(loaded, before) {
    state = Wall.state.fromView(loaded);
    if (before?.epoch === state.epoch) missed += state.feed.filter((row) => row.seq > before.seq).length;
    Wall.clock.set(loaded.server_time);
    Object.assign($("map").dataset, { grid: state.grid.code, level: state.grid.level });
    say("");
    painter.all();
    link.open();
    link.resume();
  }

  /** Both halves of a grid: what is counted in it and what it looks like. Null if a later move overtook it. */
  async function load(grid, mine) {
    const [loaded, shapes, then] = await Promise.all([
      insist(() => Wall.api.view(grid), mine),
      grid ? insist(() => loadShapes(grid), mine) : null,
      Wall.replay.ahead(grid),
    ]);
    if (!loaded || (grid && !shapes)) return null;
    const shown = shapes || (await insist(() => loadShapes(loaded.grid.code), mine));
    return shown && { loaded, shown, then };
  }

  /**
   * Open a grid. `push`: true adds a step to the history, false rewrites it, null leaves the address alone.
   * Answers true once it stands, false where it was refused, null where a later move overtook it.
   */
  async function open(grid, { push, animate }) {
    const mine = ++turn;
    heading = grid;
    if (push) Wall.orders.leave(), Wall.carousel.leave();
    document.body.dataset.loading = "1";
    try {
      const both = await load(grid, mine);
      if (!both) return null;
      const { loaded, shown, then } = both;
      settle(loaded, state ? null : Wall.memory.before);
      Wall.replay.follow(then);
      view.grid = state.grid.code;
      if (push !== null) Wall.address.write(view, push);
      if (!Wall.map.get()) await startMap(shown);
      if (mine !== turn) return null;
      Wall.map.shapes(shown.cells, shown.outline);
      Wall.map.fit(state.grid.bbox, animate);
      painter.all();
      Wall.replay.borders();
      return true;
    } catch (fault) {
      if (mine !== turn) return null;
      refused(fault);
      return false;
    } finally {
      if (mine === turn) heading = null, delete document.body.dataset.loading;
    }
  }

  /** A grid that does not exist or is not for this screen: stay, or begin at the top of what it may see. */
  function refused(fault) {
    console.error(fault);
    if (!fault.status) return say(Wall.t("地图没有加载成功"));
    if (!state && view.grid) {
      view.grid = null;
      open(null, { push: false, animate: false });
    }
    say(fault.status === 404 || fault.status === 403 ? Wall.t("没有这个网格，或本屏无权查看") : Wall.t("打不开这个网格"));
    setTimeout(() => say(""), 6_000);
  }

  /** Make the map, once at a time however many ask. */
  let making = null;
  function startMap(shown = null) {
    making ??= makeMap(shown).finally(() => {
      making = null;
      drawn = true; // or there is no map to be had here, which the page says
      link.judge();
    });
    return making;
  }

  async function makeMap(shown) {
    const map = await Wall.map.start(state.grid.bbox, remakeMap, shown);
    Wall.pointer.start(map, () => Wall.visitor.seen(Wall.replay.shownOf(state)), (code) => open(code, { push: true, animate: true }));
    Wall.keys.start(map, () => Wall.visitor.seen(Wall.replay.shownOf(state)), (code) => open(code, { push: true, animate: true }));
    Wall.ground.start(map);
    Wall.scenes.applyLayers(view);
  }

  /** The map lost its graphics context for good: another one in its place, with everything that was on it. */
  async function remakeMap() {
    try {
      Wall.map.clear();
      const mine = turn;
      await startMap();
      const shown = await insist(() => loadShapes(state.grid.code), mine);
      if (!shown) return; // another grid is being opened and fills the map
      Wall.map.shapes(shown.cells, shown.outline);
      painter.all();
    } catch (fault) {
      Wall.errors.caught(fault);
      setTimeout(remakeMap, AGAIN_MS);
    }
  }

  /** The server says we are too far behind: the page state afresh. Camera and polygons stay. */
  let reloading = false;
  async function reload() {
    if (reloading) return;
    reloading = true;
    try {
      const { grid, epoch, seq } = state;
      const loaded = await insist(() => Wall.api.view(grid.code), turn);
      if (loaded) settle(loaded, { epoch, seq });
    } catch {
      location.reload(); // the grid we looked at is gone: start from the address
    } finally {
      reloading = false;
    }
  }

  function goUp() {
    const parent = state.breadcrumb[state.breadcrumb.length - 2];
    if (parent) open(parent.code, { push: true, animate: true });
  }

  function listen() {
    document.addEventListener("click", (event) => {
      const target = event.target.closest?.("a[data-open]");
      if (!target || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      if (target.dataset.open !== state.grid.code) open(target.dataset.open, { push: true, animate: true });
    });
    document.addEventListener("keydown", (event) => event.key === "Escape" && goUp());
    addEventListener("popstate", () => {
      const { at } = Wall.address.read();
      view = Wall.scenes.viewOf(Wall.address.read());
      Wall.scenes.apply(view);
      open(view.grid, { push: null, animate: true }).then((stands) => stands && Wall.replay.restore(at));
    });
  }

  function setMode(word) {
    if (word !== "live" && document.body.dataset.live === "live") recovering = true;
    if (word === "live" && recovering) Wall.map.refresh();
    document.body.dataset.live = word;
    if (word === "live" && !painter.waiting) recovering = false;
    tick();
  }

  function tick() {
    if (!state) return;
    const { word, late, blind } = link;
    Wall.header.tick({ word, late, blind, ageMs: link.ageMs() }, state.sources);
    // How old the sources were at another time is not kept: nothing is said of it.
    Wall.lateness.show(Wall.replay.at() === null ? state.sources : [], state.figures);
    Wall.ribbon.now();
  }

  /** Once a second; the watch beside the page (watch/watch.js) reloads it where this sign of life stays away. */
  function live() {
    try {
      tick();
      if (state && Wall.orders.differs()) link.tell();
    } catch (fault) {
      Wall.errors.caught(fault);
      return;
    }
    if (painter.owedMs() > STUCK_MS || !$("wall") || Wall.carousel.stuck()) return;
    document.documentElement.dataset.alive = Math.round(performance.now());
  }

  /** After a paint: tell the server, remember how far we are, measure how long it took from the commit. */
  function painted(seen, changes) {
    paintedAt = performance.now();
    missed = 0;
    Wall.memory.painted(seen.epoch, seen.seq);
    if (changes.since) lagMs = Math.max(lagMs, Wall.clock.now() - Date.parse(changes.since));
    link.ack();
    if (link.word === "live") recovering = false;
  }

  /** What this wall says of itself every ten seconds, and when it shows something else. */
  function report() {
    const told = {
      epoch: state.epoch,
      seq: state.seq,
      lag_ms: Math.round(lagMs),
      heap_mb: performance.memory ? Math.round(performance.memory.usedJSHeapSize / 1e5) / 10 : null,
      nodes: document.getElementsByTagName("*").length,
      errors: Wall.errors.count(),
      paint_age_s: paintedAt === null ? null : Math.round((performance.now() - paintedAt) / 100) / 10,
    };
    lagMs = 0;
    return { ...told, ...Wall.orders.told() };
  }

  function heardClock(message) {
    Wall.clock.set(message.server_time);
    if (message.sources) state.sources = message.sources;
  }

  function start() {
    Wall.scenes.read();
    view = Wall.scenes.viewOf(Wall.address.read());
    Wall.scenes.arrange(view.scene);
    document.body.dataset.live = "catching-up";
    document.body.classList.toggle("kiosk", view.kiosk);
    document.documentElement.classList.toggle("in-kiosk", view.kiosk);
    // These act on what is so now, not on what visitors may see of it or on another time.
    const listeners = [Wall.alerts.bell, Wall.carousel, Wall.orders, Wall.replay.watch]
      .map(({ paint }) => ({ live: true, paint: (_, ...rest) => paint(state, ...rest) }));
    painter = new Wall.Painter({
      panels: [
        Wall.header, ...Wall.scenes.panels(), ...listeners, Wall.ribbon, Wall.choropleth, Wall.cases, Wall.heat, Wall.card,
        Wall.video, Wall.unplaced,
      ],
      state: () => state,
      shown: Wall.replay.shown,
      mood: () => ({ recovering, missed }),
      done: painted,
    });
    link = new Wall.Link({
      state: () => state, drawn: () => drawn, changed: () => painter.soon(), reload, clock: heardClock, mode: setMode, report,
      pace: Wall.Painter.PAUSE_MS,
    });
    Wall.layers.start((layers) => {
      view.layers = layers;
      Wall.scenes.applyLayers(view);
      Wall.address.write(view, false);
    });
    Wall.heat.start(view.heat, false, (heat) => {
      view.heat = heat;
      Wall.address.write(view, false);
    });
    Wall.paint.start(Wall.paint.parse(view.indicator), (text) => {
      view.indicator = text;
      if (state) Wall.address.write(view, false);
    });
    Wall.unplaced.start();
    Wall.video.start();
    Wall.scenes.applyLayers(view);
    Wall.replay.start({
      state: () => state, view: () => view, painter: () => painter, shapes: loadShapes,
      draw: ({ cells, outline }) => Wall.map.shapes(cells, outline),
    });
    Wall.fit.start();
    const stage = {
      drawn: () => drawn,
      view: () => view, state: () => state, open, painter: () => painter, heading: () => heading || state.grid.code,
      display: () => link.display, ready: () => link.display !== undefined, write: () => state && Wall.address.write(view, false),
    };
    Wall.orders.start(stage);
    Wall.scenes.start(stage);
    Wall.carousel.start(stage);
    Wall.visitor.start(() => state && (Wall.scenes.apply(view), painter.all()));
    Wall.explain.start(() => state);
    Wall.help.start();
    Wall.card.start((code) => open(code, { push: false, animate: false }), stage.write);
    if (view.kiosk) Wall.kiosk.start();
    listen();
    setInterval(live, 1_000);
    const { at } = Wall.address.read();
    open(view.grid, { push: null, animate: false }).then((stands) => stands && at && Wall.replay.restore(at));
  }

  /** Dash draws the skeleton after these scripts have loaded. */
  function whenDrawn(then) {
    if ($("map-plot") && $("shelf")) return then();
    const observer = new MutationObserver(() => {
      if (!$("map-plot") || !$("shelf")) return;
      observer.disconnect();
      then();
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
  }

  const asked = Wall.address.read();
  if (asked.grid || !asked.scene) Wall.api.ahead(asked.grid); // a scene may name another grid than the top
  Wall.map.ahead();
  whenDrawn(start);
})();
