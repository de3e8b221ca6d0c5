// The life of a screen that hangs on a wall for weeks (kiosk=1): no pointer, no sleep, no burnt-in picture.
"use strict";
(() => {
  const IDLE_MS = 3_000;
  const SHIFT_MS = 60_000;
  /** px, a walk whose steps are one or two: every edge wanders over a few pixels. */
  const SHIFTS = [[0, 0], [1, 0], [1, 1], [0, 2], [-1, 1], [-2, 0], [-1, -1], [0, -2], [1, -1]];
  let idle = null;
  let lock = null;
  let at = 0;

  function stir() {
    document.body.classList.remove("idle");
    clearTimeout(idle);
    idle = setTimeout(() => document.body.classList.add("idle"), IDLE_MS);
  }

  /** The whole picture moves by a pixel or two. Not an animation: it is there from one frame to the next. */
  function shift() {
    at = (at + 1) % SHIFTS.length;
    const [x, y] = SHIFTS[at];
    document.getElementById("wall").style.translate = `${x}px ${y}px`;
  }

  /** Keep the screen awake, where the browser lets us: only on https or on this machine itself. */
  async function stayAwake() {
    if (document.visibilityState !== "visible" || (lock && !lock.released)) return;
    try {
      lock = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      lock = null; // no power, no permission: asked again when the page is next seen
    }
  }

  function start() {
    for (const event of ["pointermove", "pointerdown", "keydown"]) addEventListener(event, stir, { passive: true });
    stir();
    setInterval(shift, SHIFT_MS);
    document.addEventListener("visibilitychange", stayAwake);
    stayAwake();
  }

  Wall.kiosk = { start, shift, SHIFTS };
})();
