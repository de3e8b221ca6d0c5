// Folds changes into some five paints a second; each panel touches only what changed. A panel that the scene does not
// show is not painted; once it is shown it is painted whole.
"use strict";
(() => {
  const PAUSE_MS = 200; // the server is asked for frames so far apart
  const EARLY_MS = 30; // one that comes a little early is not made to wait

  /**
   * `panels` have `paint` and, where a scene may hide them, `shown()`; `state()` gives the current state, `shown(state,
   * changes, whole)` what is to be painted of it or in its place, `mood()` what panels should know besides, `done(state)`
   * follows a paint. A panel with `live` is given the current state in any case.
   */
  class Painter {
    constructor({ panels, state, shown, mood, done }) {
      Object.assign(this, { panels, state, shown, mood, done });
      this.paintedAt = -Infinity;
      this.waiting = false;
      this.owedSince = null; // when the oldest change came that is not painted yet
      this.whole = true;
      this.hidden = new Set(); // panels that missed a paint
    }

    /** Paint everything at the next turn: after a view was loaded. */
    all() {
      this.whole = true;
      this.soon();
    }

    soon() {
      this.owedSince ??= performance.now();
      if (this.waiting) return;
      this.waiting = true;
      const pause = Math.max(0, this.paintedAt + PAUSE_MS - EARLY_MS - performance.now());
      // A timer, not an animation frame: those stop in a hidden page and wait for the map where it is drawn slowly,
      // and the server waits for our acknowledgement.
      setTimeout(() => this.paint(), pause);
    }

    /** How long a change has been waiting to be painted; 0 where none is. */
    owedMs() {
      return this.owedSince === null ? 0 : performance.now() - this.owedSince;
    }

    paint() {
      this.waiting = false;
      this.paintedAt = performance.now();
      const known = this.state();
      const whole = this.whole;
      this.whole = false;
      const changes = Wall.state.takeChanges(known);
      const shown = (this.given = this.shown(known, changes, whole));
      const [now, then] = [Wall.visitor.seen(known), Wall.visitor.seen(shown.state)];
      for (const panel of this.panels) {
        // Some look at the present whatever is shown.
        if (panel.live) this.paintOne(panel, now, changes, whole);
        else this.paintOne(panel, then, shown.changes, shown.whole);
      }
      document.body.dataset.epoch = known.epoch;
      document.body.dataset.seq = known.seq;
      this.owedSince = null;
      this.done(known, changes);
    }

    paintOne(panel, state, changes, whole) {
      if (panel.shown && !panel.shown()) {
        this.hidden.add(panel);
        return;
      }
      const anew = this.hidden.delete(panel);
      try {
        panel.paint(state, changes, whole || anew, this.mood());
      } catch (fault) {
        Wall.errors.caught(fault); // one panel's fault must not blank the others
      }
    }

    /** Paint what has just been brought out, without waiting for a change. */
    catchUp() {
      if (!this.state() || !this.hidden.size) return;
      const state = Wall.visitor.seen(this.given.state);
      for (const panel of this.hidden) if (panel.shown()) this.paintOne(panel, state, Wall.state.nothing(), true);
    }
  }

  Painter.PAUSE_MS = PAUSE_MS;
  Wall.Painter = Painter;
})();
