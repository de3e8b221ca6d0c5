// The walk through scenes. It is driven by a steady clock alone: no change waits for another one's end, so that none can
// stall it; it pauses for a hand, gives way to a red alert, and goes on by itself. Who locks the wall holds it (84_orders.js).
"use strict";
(() => {
  const { write, mark } = Wall.element;
  const TICK_MS = 250;
  const AGAIN_MS = 1_000; // after a scene that could not be shown
  const STUCK_MS = 20_000; // so long overdue: the page is not well, and the watch beside it loads it again
  const { t } = Wall;
  const STATES = { on: t("轮播"), paused: t("轮播 · 暂停"), off: t("轮播 · 停") };
  let ids = [];
  let everyMs = 0; // 0: it does not run
  let idleMs = 60_000;
  let usualMs = 30_000;
  let alertScene = null;
  let alertMs = 300_000;
  let since = performance.now(); // of the last change
  let handAt = -Infinity;
  let pointer = null; // where it was last: a page that moves under it is no hand
  let home = null; // the grid of scenes that name none
  let alarm = null; // {ids: Set, until, back}: red alerts that are in front
  let timer = null;
  let changes = 0;
  let stage = null; // {state(), view(), write()}
  const $ = (id) => document.getElementById(id);

  const now = () => performance.now();
  const running = () => everyMs > 0 && ids.length > 0;
  const paused = () => now() - handAt < idleMs;
  const held = () => Boolean(alarm) || Wall.orders.stands();

  function tell() {
    const word = !running() ? "off" : paused() || held() ? "paused" : "on";
    mark(document.body, "data-carousel", word);
    const button = $("carousel");
    write(button, STATES[word]);
    mark(button, "aria-pressed", running());
    mark(button, "title", running() ? t("每 {n} 秒换一个场景，按 C 停", { n: everyMs / 1000 }) : t("按 C 开始轮播"));
  }

  function advance() {
    since = now();
    changes += 1;
    const id = ids[(ids.indexOf(stage.view().scene.id) + 1) % ids.length];
    const scene = Wall.scenes.find(id);
    const failed = () => {
      if (stage.view().scene === scene) since = Math.min(since, now() - everyMs + Math.min(AGAIN_MS, everyMs));
    };
    Wall.scenes.show(id, { push: false, grid: scene.grid || home }).then((stands) => stands === false && failed(), (fault) => {
      Wall.errors.caught(fault);
      failed();
    });
  }

  // Red alerts

  const waits = (id) => stage.state().alerts.get(id)?.state === "OPEN";

  /** New red alerts bring their scene to the front, on a wall that walks or hangs there by itself. */
  function raise(ids) {
    if (!ids.length || !alertScene || !(running() || stage.view().kiosk) || Wall.visitor.on() || Wall.orders.locked()) return;
    alarm ??= { ids: new Set(), until: 0, back: Wall.scenes.place() };
    ids.forEach((id) => alarm.ids.add(id));
    alarm.until = now() + alertMs;
    if (stage.view().scene.id !== alertScene) Wall.scenes.show(alertScene, { push: null });
    tell();
  }

  /** Nobody waits any more, or it stood long enough: back to where the wall was, unless somebody went elsewhere. */
  function calm() {
    if ([...alarm.ids].some(waits) && now() < alarm.until) return;
    const { back } = alarm;
    alarm = null;
    since = now();
    if (stage.view().scene.id === alertScene && !Wall.orders.stands()) Wall.scenes.go(back);
  }

  /** Somebody here went elsewhere: the alert has done its work. */
  function leave() {
    alarm = null;
  }

  function step() {
    if (!stage.state()) return;
    if (!stage.drawn()) return void (since = now()); // the first grid is not to be overtaken before it is on the map
    home ??= stage.state().grid.code;
    try {
      if (alarm) calm();
      if (alarm || Wall.orders.stands() || !running()) since = now();
      else if (paused()) since = Math.max(since, handAt + idleMs - everyMs);
      else if (now() - since >= everyMs) advance();
      tell();
    } catch (fault) {
      Wall.errors.caught(fault);
    }
  }

  function touched(event) {
    if (!event.isTrusted) return;
    if (event.type === "pointermove") {
      const at = `${event.screenX} ${event.screenY}`;
      const moved = pointer !== null && pointer !== at;
      pointer = at;
      if (!moved) return;
    }
    handAt = now();
  }

  /** Run (0: stop); times in ms. */
  function set(changed) {
    ({ ids, everyMs, idleMs } = { ids, everyMs, idleMs, ...changed });
    since = now();
    clearInterval(timer);
    timer = setInterval(step, everyMs ? Math.min(TICK_MS, everyMs / 4) : TICK_MS);
    if (stage.state()) tell();
  }

  function toggle() {
    handAt = -Infinity; // who presses this wants to see it begin
    stage.view().every = running() ? 0 : usualMs / 1000;
    set({ everyMs: running() ? 0 : usualMs });
    stage.write();
  }

  function start(given) {
    stage = given;
    const told = Wall.scenes.carousel();
    usualMs = told.every * 1000;
    alertScene = told.alert_scene;
    alertMs = told.alert_for * 1000;
    const { every } = stage.view();
    for (const event of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
      addEventListener(event, touched, { passive: true, capture: true });
    }
    $("carousel").addEventListener("click", toggle);
    document.addEventListener("keydown", (event) => Wall.scenes.isKey(event) && event.key.toLowerCase() === "c" && toggle());
    set({
      ids: told.scenes.length ? told.scenes : Wall.scenes.all().map((scene) => scene.id),
      everyMs: every !== null ? every * 1000 : told.scenes.length ? usualMs : 0,
      idleMs: told.idle * 1000,
    });
  }

  /** A panel like the others, for the alerts. */
  function paint(state, { raised }) {
    raise(raised.filter((id) => state.alerts.get(id)?.severity === "RED"));
  }

  /** Whether it ought to have moved long ago. */
  const stuck = () => running() && !paused() && !held() && now() - since > everyMs + Math.max(STUCK_MS, everyMs);

  Wall.carousel = { start, paint, set, stuck, leave, interrupted: () => alarm?.back ?? null, changes: () => changes };
})();
