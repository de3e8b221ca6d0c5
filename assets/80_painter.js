// Folds changes into at most four paints a second; each panel touches only what changed.
"use strict";
(() => {
  const PAUSE_MS = 250;

  /** `state()` gives the current state, `mood()` what panels should know besides, `done(state)` follows a paint. */
  class Painter {
    constructor({ panels, state, mood, done }) {
      Object.assign(this, { panels, state, mood, done });
      this.paintedAt = -Infinity;
      this.waiting = false;
      this.whole = true;
    }

    /** Paint everything at the next turn: after a view was loaded. */
    all() {
      this.whole = true;
      this.soon();
    }

    soon() {
      if (this.waiting) return;
      this.waiting = true;
      const pause = Math.max(0, this.paintedAt + PAUSE_MS - performance.now());
      // A timer, not an animation frame: those stop in a hidden page and wait for the map where it is drawn slowly,
      // and the server waits for our acknowledgement.
      setTimeout(() => this.paint(), pause);
    }

    paint() {
      this.waiting = false;
      this.paintedAt = performance.now();
      const state = this.state();
      const whole = this.whole;
      this.whole = false;
      const changes = Wall.state.takeChanges(state);
      for (const panel of this.panels) {
        try {
          panel.paint(state, changes, whole, this.mood());
        } catch (fault) {
          console.error(fault); // one panel's fault must not blank the others
        }
      }
      document.body.dataset.epoch = state.epoch;
      document.body.dataset.seq = state.seq;
      this.done(state);
    }
  }

  Wall.Painter = Painter;
})();
