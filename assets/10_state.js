// What the page knows, as a pure fold: a view, then frames. No DOM, no clock, no network.
"use strict";
(() => {
  const FEED_ROWS = 40;
  const DAYS = 30;
  const FRESH = 8; // new cases remembered for the pulse on the map between two paints

  const nothing = () => ({
    figures: new Set(), rows: new Set(), cases: new Set(), alerts: new Set(), raised: [], types: new Set(), fresh: [], video: [], arrived: 0,
    since: null, dirty: false,
  });
  const ALERTS = 40;

  /** The state that a view (`GET /api/v1/view`) describes. */
  function fromView(view) {
    const figures = new Map(Object.entries(view.figures));
    return {
      epoch: view.epoch,
      seq: view.seq,
      figuresSeq: view.seq,
      centre: view.centre,
      grid: view.grid,
      breadcrumb: view.breadcrumb,
      levels: view.levels,
      children: view.children,
      sources: view.sources,
      boundaries: view.boundaries,
      replay: view.replay,
      figures,
      feed: view.feed.slice(0, FEED_ROWS),
      cases: new Map((view.cases || []).map((one) => [one.case_no, one])),
      tiled: !view.cases, // too many for one list: the map draws them from tiles
      alerts: new Map((view.alerts || []).map((one) => [one.alert_id, one])),
      orders: view.orders || [],
      changes: nothing(),
    };
  }

  /** At the top of what the viewer may see everything counts, also a case that lies in no grid. */
  function concerns(state, item) {
    if (state.breadcrumb.length <= 1) return true;
    return (item.paths || []).includes(state.grid.code);
  }

  function forget(state, caseNo) {
    const at = state.feed.findIndex((row) => row.case_no === caseNo);
    if (at >= 0) state.feed.splice(at, 1), state.changes.rows.add(caseNo);
    if (state.cases.delete(caseNo)) state.changes.cases.add(caseNo);
  }

  /** The feed is of new cases: a step in the life of one that left it long ago does not bring it back. */
  function isNews(state, item) {
    if (item.stage === "ACCEPT" || state.feed.length < FEED_ROWS) return true;
    return Date.parse(item.reported_at) > Math.min(...state.feed.map((row) => Date.parse(row.reported_at)));
  }

  function takeCase(state, item) {
    const caseNo = item.case_no;
    if (item.removed || !concerns(state, item)) return forget(state, caseNo);
    const at = state.feed.findIndex((row) => row.case_no === caseNo);
    if (at >= 0) {
      state.feed[at] = { ...state.feed[at], ...item };
      state.changes.rows.add(caseNo);
    } else if (isNews(state, item)) {
      state.feed.unshift(item);
      state.feed.length = Math.min(state.feed.length, FEED_ROWS);
      state.changes.arrived += 1;
      state.changes.rows.add(caseNo);
    }
    // In hand, or reported and not yet accepted: both are on the map.
    const drawn = (item.open || item.stage === "ACCEPT") && item.lon != null && item.lat != null;
    if (drawn) {
      if (!state.cases.has(caseNo)) state.changes.fresh = [...state.changes.fresh, caseNo].slice(-FRESH);
      state.cases.set(caseNo, item);
      state.changes.cases.add(caseNo);
    } else if (state.cases.delete(caseNo)) {
      state.changes.cases.add(caseNo);
    }
  }

  /** An alert that stands is kept, one that is over goes. `raised`: those that opened (again), for the sound. */
  function takeAlert(state, item) {
    const id = item.alert_id;
    const before = state.alerts.get(id);
    if (item.removed || !concerns(state, item) || item.state === "RESOLVED") {
      if (state.alerts.delete(id)) state.changes.alerts.add(id);
      return;
    }
    state.alerts.set(id, item);
    state.changes.alerts.add(id);
    if (item.state === "OPEN" && before?.state !== "OPEN") state.changes.raised.push(id);
    // A wall runs for weeks: of more than can be shown, those that somebody has taken note of go first.
    const acked = [...state.alerts.values()].filter((one) => one.state === "ACKED");
    while (state.alerts.size > ALERTS && acked.length) state.alerts.delete(acked.shift().alert_id);
  }

  /** What a wall is told to show: of the orders to one name from one place only the last counts. */
  function takeOrder(state, order) {
    state.orders = [...state.orders.filter((one) => one.wall !== order.wall || one.depth !== order.depth), order];
  }

  /** A wall runs for weeks: yesterday's thirty-first day goes. */
  function dropOldDays(state) {
    const days = [...state.figures.keys()].filter((key) => key.startsWith("day.")).sort();
    for (const key of days.slice(0, Math.max(0, days.length - DAYS))) state.figures.delete(key);
  }

  /**
   * `null` says that a figure is gone; `whole`, that there are no others than these; `parts` are fields to lay over
   * the figures that are there. A figure we do not have has no parts: what we missed comes whole after a `resume`.
   */
  function takeFigures(state, { grid, figures, whole, parts = {} }, seq) {
    if (!figures || grid !== state.grid.code || seq < state.figuresSeq) return false;
    const gone = whole ? [...state.figures.keys()].filter((key) => !(key in figures)) : [];
    for (const key of gone) state.figures.delete(key), state.changes.figures.add(key);
    for (const [key, value] of Object.entries(figures)) {
      if (value === null) state.figures.delete(key);
      else state.figures.set(key, value);
      state.changes.figures.add(key);
    }
    for (const [key, fields] of Object.entries(parts)) {
      if (!state.figures.has(key)) continue;
      state.figures.set(key, { ...state.figures.get(key), ...fields });
      state.changes.figures.add(key);
    }
    state.figuresSeq = seq;
    dropOldDays(state);
    state.changes.dirty = true;
    return true;
  }

  /**
   * Fold one frame in. Answers what became of it:
   * "applied"; "old" (already known); "hole" (something before it is missing: ask `resume`);
   * "elsewhere" (made for the grid looked at before: the server sends it again); "reset" (another epoch).
   */
  function applyFrame(state, frame) {
    if (frame.epoch !== state.epoch) return "reset";
    if (frame.grid !== undefined && frame.grid !== null && frame.grid !== state.grid.code) return "elsewhere";
    if (frame.from > state.seq + 1) return "hole";
    if (frame.to <= state.seq) {
      takeFigures(state, frame, frame.to);
      return "old";
    }
    for (const item of frame.items) {
      if (item.seq <= state.seq) continue;
      state.changes.types.add(item.type);
      if (item.type === "case") takeCase(state, item);
      if (item.type === "alert") takeAlert(state, item);
      if (item.type === "wall") takeOrder(state, item);
      if (item.type === "video_status" && item.lon != null) state.changes.video.push(item);
    }
    // The oldest thing that waits to be painted: from it the wall measures how late it is.
    state.changes.since ??= frame.items.find((item) => item.seq > state.seq)?.accepted_at ?? null;
    state.seq = frame.to;
    state.changes.dirty = true;
    takeFigures(state, frame, frame.to);
    return "applied";
  }

  /** Figures that only the clock changed (a light turned, a day began). */
  function applyFigures(state, message) {
    return takeFigures(state, message, message.seq);
  }

  /** What changed since the last call: keys of figures, case numbers of rows and of map points. */
  function takeChanges(state) {
    const changes = state.changes;
    state.changes = nothing();
    return changes;
  }

  /** `{code: value}` of all figures `prefix.*`, in the order they came. */
  function figuresOf(state, prefix) {
    const found = [];
    for (const [key, value] of state.figures) {
      if (key.startsWith(prefix)) found.push([key.slice(prefix.length), value]);
    }
    return found;
  }

  Wall.state = { fromView, applyFrame, applyFigures, takeChanges, figuresOf, nothing };
})();
