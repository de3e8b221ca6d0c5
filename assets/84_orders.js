// What the commander told this wall to show (`/remote`): it comes as a change of the log, stands until its time is over, and
// is found again after a reload. A locked wall gives no hand its way but to acknowledge alerts.
"use strict";
(() => {
  const { write, mark } = Wall.element;
  const { minute } = Wall.format;
  const { t } = Wall;
  const FREE = ".alert-ack, #alert-sound, [data-mute], .visitor-dialog *";
  const HANDS = ["click", "dblclick", "pointerdown", "wheel", "touchstart", "keydown"];
  let stage = null; // {state(), view(), name()}
  let applied = null; // the order that is shown
  let back = null; // where the wall was before it
  let said = "";
  let left = null; // the order that a hand at this wall has ended
  const $ = (id) => document.getElementById(id);

  const stands = (order) => Date.parse(order.until) > Wall.clock.now();

  /**
   * The order that counts for this wall: the last one to it, but a lock of somebody who sees more goes before that of
   * somebody who sees less. Null where none stands.
   */
  function standing() {
    const name = Wall.orders.name();
    const mine = stage.state().orders.filter((order) => order.wall === "" || order.wall === name).sort((a, b) => a.seq - b.seq);
    const last = new Map(mine.map((order) => [order.depth, order]));
    const locks = [...last.values()].filter((order) => order.lock && stands(order)).sort((a, b) => a.depth - b.depth);
    const chosen = locks[0] || mine.pop();
    return chosen && stands(chosen) && chosen.seq !== left ? chosen : null;
  }

  function show(order) {
    const target = order.grid || null;
    const shown = order.scene ? Wall.scenes.show(order.scene, { push: null, grid: target }) : target ? stage.open(target) : null;
    Promise.resolve(shown).catch(Wall.errors.caught);
    Wall.explain.close();
    if (order.case_no) Wall.card.follow(order.case_no);
    else Wall.card.close();
  }

  function tell() {
    mark(document.body, "data-order", applied ? applied.seq : "");
    mark(document.body, "data-locked", applied?.lock ? "1" : "");
    const node = $("order");
    node.hidden = !applied;
    if (!applied) return;
    const words = { by: applied.by, until: minute(new Date(applied.until)) };
    write(node, applied.lock ? t("{by} 锁定至 {until}", words) : t("{by} 投送至 {until}", words));
  }

  function settle() {
    if (!stage?.state() || !stage.ready()) return;
    const order = standing();
    if (order?.seq === applied?.seq) return;
    if (order && !applied) back = Wall.carousel.interrupted() || Wall.scenes.place();
    const before = applied;
    applied = order;
    tell();
    if (order) return show(order);
    if (before.case_no) Wall.card.close();
    Wall.scenes.go(back);
    back = null;
  }

  const locked = () => Boolean(applied?.lock);

  function hold(event) {
    if (!locked() || event.target.closest?.(FREE)) return;
    if (event.type === "keydown" && (event.key === "Tab" || event.key === "F5" || event.key === "F11")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** Somebody here went elsewhere: what was sent without a lock is over for this wall. */
  function leave() {
    if (!applied || applied.lock) return;
    left = applied.seq;
    [applied, back] = [null, null];
    tell();
  }

  function start(given) {
    stage = given;
    for (const name of HANDS) addEventListener(name, hold, { capture: true, passive: false });
    setInterval(settle, 1_000);
  }

  /** What this wall shows, for whoever may send it something else. */
  const shows = () => ({
    scene: stage.view().scene.id, grid: stage.state().grid.code, case: Wall.card.shown() || "", order: String(applied?.seq ?? ""),
    carousel: document.body.dataset.carousel, visitors: Wall.visitor.on() ? "1" : "",
  });

  /** A desk is nobody's wall: only what hangs there (kiosk=1), or was given a name, can be sent something. */
  const isWall = () => Boolean(stage.view().kiosk || stage.view().wall);

  /** Whether it shows something else than it last said. */
  const differs = () => isWall() && JSON.stringify(shows()) !== said;

  /** For the report that every wall makes of itself. */
  function told() {
    if (!isWall()) return {};
    said = JSON.stringify(shows());
    return { wall: Wall.orders.name(), shows: shows() };
  }

  /** A panel like the others: an order came, or a view was loaded. */
  const paint = () => settle();

  Wall.orders = {
    start, paint, leave, differs, told, locked, stands: () => Boolean(applied), seq: () => applied?.seq ?? null,
    name: () => stage.view().wall || stage.display() || t("大屏"),
  };
})();
