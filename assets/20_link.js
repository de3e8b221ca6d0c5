// The live line: Socket.IO `/live`. Knows the protocol, nothing of panels.
"use strict";
(() => {
  const SILENCE_MS = 10_000;
  const RETRY_LEAST_MS = 500;
  const RETRY_MOST_MS = 5_000;

  /**
   * `state()` gives the current state; `changed()` is called after something was folded in; `reload()` loads the
   * view afresh; `clock(beat)` gets every message with a server time; `mode(word)` gets live|catching-up|stale.
   */
  class Link {
    constructor({ state, changed, reload, clock, mode }) {
      Object.assign(this, { state, changed, reload, clock, mode });
      this.heardAt = performance.now();
      this.word = "catching-up";
      this.target = null; // the server's position when we (re)connected; until we have it we are catching up
      this.tries = 0;
      this.beatSeq = null;
      this.socket = io("/live", { transports: ["websocket"], reconnection: false, autoConnect: false });
      this.listen();
    }

    listen() {
      const socket = this.socket;
      socket.on("hello", (hello) => this.hello(hello));
      socket.on("frame", (frame) => this.frame(frame));
      socket.on("figures", (message) => this.figures(message));
      socket.on("beat", (beat) => this.beat(beat));
      socket.on("reset", () => (this.heard(), this.reload()));
      socket.on("disconnect", () => this.lost());
      socket.on("connect_error", () => this.lost());
    }

    /** Connect, and go on connecting for good. A second call does nothing. */
    open() {
      if (this.watch) return;
      this.socket.connect();
      this.watch = setInterval(() => this.judge(), 500);
    }

    /** The retry is spread at random (full jitter), so a restarted server is not hit by every wall at once. */
    lost() {
      this.target = null;
      this.judge();
      if (this.retry) return;
      const most = Math.min(RETRY_MOST_MS, 2 * RETRY_LEAST_MS * 2 ** this.tries);
      this.tries = Math.min(this.tries + 1, 10);
      this.retry = setTimeout(() => {
        this.retry = null;
        this.socket.connect();
      }, RETRY_LEAST_MS + Math.random() * (most - RETRY_LEAST_MS));
    }

    heard() {
      this.heardAt = performance.now();
    }

    hello(hello) {
      this.heard();
      this.tries = 0;
      this.target = hello.seq;
      this.beatSeq = null;
      this.clock(hello);
      if (hello.epoch !== this.state().epoch) this.reload();
      else this.resume();
      this.judge();
    }

    /** Say what we have and which grid we look at; the server goes on from there. */
    resume() {
      const { epoch, seq, grid } = this.state();
      if (this.socket.connected) this.socket.emit("resume", { epoch, seq, grid: grid.code });
    }

    frame(frame) {
      this.heard();
      const outcome = Wall.state.applyFrame(this.state(), frame);
      if (outcome === "hole") this.resume();
      else if (outcome === "reset") this.reload();
      else if (outcome === "old") this.ack();
      if (outcome !== "elsewhere") this.changed();
    }

    figures(message) {
      this.heard();
      if (Wall.state.applyFigures(this.state(), message)) this.changed();
    }

    beat(beat) {
      this.heard();
      this.clock(beat);
      const state = this.state();
      if (beat.epoch !== state.epoch) return this.reload();
      // Behind, and not a step further since the last beat: something was lost on the way. Ask again.
      if (beat.seq > state.seq && this.beatSeq === state.seq) this.resume();
      this.beatSeq = state.seq;
      this.judge();
    }

    /** After a paint: the server may send the next frame. */
    ack() {
      const { epoch, seq } = this.state();
      if (this.socket.connected) this.socket.emit("ack", { epoch, seq });
      this.judge();
    }

    ageMs() {
      return performance.now() - this.heardAt;
    }

    judge() {
      let word = "live";
      if (this.ageMs() > SILENCE_MS) word = "stale";
      else if (this.target === null || this.state().seq < this.target) word = "catching-up";
      if (word === this.word) return;
      this.word = word;
      this.mode(word);
    }
  }

  Wall.Link = Link;
})();
