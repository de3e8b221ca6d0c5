// The start, and the moves: open a grid, go up, go back.
"use strict";
(() => {
  let state = null;
  let view = null; // {grid, layers, kiosk}: what the address says
  let link = null;
  let painter = null;
  let turn = 0; // the last asked-for move wins, however the answers arrive
  let recovering = false; // the line was lost and we are taking in what we missed

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
        say("正在连接服务器…");
        await pause(500 + Math.random() * Math.min(4_500, 500 * 2 ** tries));
      }
    }
    return null;
  }

  /** GeoJSON features: `cells` to colour (the grid itself where it has no children) and the `outline` around them. */
  async function loadShapes(grid) {
    const [children, outline] = await Promise.all([Wall.api.children(grid), Wall.api.outline(grid)]);
    const own = outline.features.filter((one) => one.properties.role === "self");
    return { cells: children.features.length ? children.features : own, outline: outline.features };
  }

  function settle(loaded) {
    state = Wall.state.fromView(loaded);
    Wall.clock.set(loaded.server_time);
    Object.assign($("map").dataset, { grid: state.grid.code, level: state.grid.level });
    say("");
    painter.all();
    link.open();
    link.resume();
  }

  /** Both halves of a grid: what is counted in it and what it looks like. Null if a later move overtook it. */
  async function load(grid, mine) {
    const [loaded, shapes] = await Promise.all([
      insist(() => Wall.api.view(grid), mine),
      grid ? insist(() => loadShapes(grid), mine) : null,
    ]);
    if (!loaded || (grid && !shapes)) return null;
    const shown = shapes || (await insist(() => loadShapes(loaded.grid.code), mine));
    return shown && { loaded, shown };
  }

  /** Open a grid. `push`: true adds a step to the history, false rewrites it, null leaves the address alone. */
  async function open(grid, { push, animate }) {
    const mine = ++turn;
    document.body.dataset.loading = "1";
    try {
      const both = await load(grid, mine);
      if (!both) return;
      const { loaded, shown } = both;
      settle(loaded);
      view.grid = state.grid.code;
      if (push !== null) Wall.address.write(view, push);
      if (!Wall.map.get()) await startMap();
      if (mine !== turn) return;
      Wall.map.shapes(shown.cells, shown.outline);
      Wall.map.fit(state.grid.bbox, animate);
      painter.all();
    } catch (fault) {
      if (mine === turn) refused(fault);
    } finally {
      if (mine === turn) delete document.body.dataset.loading;
    }
  }

  /** A grid that does not exist or is not for this screen: stay, or begin at the top of what it may see. */
  function refused(fault) {
    console.error(fault);
    if (!fault.status) return say("地图没有加载成功");
    if (!state && view.grid) {
      view.grid = null;
      open(null, { push: false, animate: false });
    }
    say(fault.status === 404 || fault.status === 403 ? "没有这个网格，或本屏无权查看" : "打不开这个网格");
    setTimeout(() => say(""), 6_000);
  }

  async function startMap() {
    const map = await Wall.map.start(state.grid.bbox);
    Wall.pointer.start(map, () => state, (code) => open(code, { push: true, animate: true }));
    Wall.layers.apply(view.layers);
  }

  /** The server says we are too far behind: the page state afresh. Camera and polygons stay. */
  let reloading = false;
  async function reload() {
    if (reloading) return;
    reloading = true;
    try {
      const grid = state.grid.code;
      const loaded = await insist(() => Wall.api.view(grid), turn);
      if (loaded) settle(loaded);
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
      view = Wall.address.read();
      Wall.layers.apply(view.layers);
      open(view.grid, { push: null, animate: true });
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
    Wall.header.tick(link.word, link.ageMs(), state.sources);
    Wall.ribbon.now();
  }

  function heardClock(message) {
    Wall.clock.set(message.server_time);
    if (message.sources) state.sources = message.sources;
  }

  function start() {
    view = Wall.address.read();
    document.body.dataset.live = "catching-up";
    document.body.classList.toggle("kiosk", view.kiosk);
    painter = new Wall.Painter({
      panels: [Wall.header, Wall.tiles, Wall.trend, Wall.composition, Wall.feed, Wall.ranking, Wall.loop, Wall.ribbon,
        Wall.choropleth, Wall.cases],
      state: () => state,
      mood: () => ({ recovering }),
      done: () => {
        link.ack();
        if (link.word === "live") recovering = false;
      },
    });
    link = new Wall.Link({ state: () => state, changed: () => painter.soon(), reload, clock: heardClock, mode: setMode });
    Wall.layers.start(view.layers, (layers) => {
      view.layers = layers;
      Wall.address.write(view, false);
    });
    Wall.fit.start();
    listen();
    setInterval(tick, 1_000);
    open(view.grid, { push: null, animate: false });
  }

  /** Dash draws the skeleton after these scripts have loaded. */
  function whenDrawn(then) {
    if ($("map-plot") && $("loop")) return then();
    const observer = new MutationObserver(() => {
      if (!$("map-plot") || !$("loop")) return;
      observer.disconnect();
      then();
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
  }

  whenDrawn(start);
})();
