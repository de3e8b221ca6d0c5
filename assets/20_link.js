// The live line: Socket.IO `/live`. Knows the protocol, nothing of panels.
"use strict";
(() => {
  const LATE_MS = 5_000; // without a beat for so long the page says that it waits
  const SILENCE_MS = 10_000; // and for so long, that what it shows may be old
  const RETRY_LEAST_MS = 500;
  const RETRY_MOST_MS = 4_000;
  const ANSWER_MS = 5_000; // a line that leads nowhere is given up, not waited for
  const REPORT_MS = 10_000;

  /**
   * `state()` gives the current state; `drawn()` says whether the page stands; `changed()` is called after something
   * was folded in; `reload()` loads the view afresh; `clock(beat)` gets every message with a server time;
   * `mode(word, late)` gets live|catching-up|stale and whether the beat is late; `report()` gives what this wall says
   * of itself; `pace` is how many ms apart the page paints. A frame that came sooner would wait for the paint, and what
   * happens then for the frame after it.
   *
   * Whether the page is current is judged by the beat alone, on this machine's steady clock: any other message may
   * come from a server that no longer reaches its store, and no two machines' clocks are ever compared. After a silence
   * a beat may have lain on the line as long as the silence was: the first that is believed is one we asked for.
   */
  class Link {
    constructor({ state, drawn, changed, reload, clock, mode, report, pace }) {
      Object.assign(this, { state, drawn, changed, reload, clock, mode, report, pace });
      this.beatAt = performance.now();
      this.helloAt = -Infinity;
      this.echo = 0; // how often we asked for a beat after a silence
      this.doubtSince = null; // when we asked for the one that is not there yet
      this.word = "catching-up";
      this.late = false;
      this.blind = false;
      this.target = null; // the server's position when we (re)connected; until we have it we are catching up
      this.tries = 0;
      this.beatSeq = null;
      this.socket = io("/live", { transports: ["websocket"], reconnection: false, autoConnect: false, timeout: ANSWER_MS });
      this.listen();
    }

    listen() {
      const socket = this.socket;
      socket.on("hello", (hello) => this.hello(hello));
      socket.on("frame", (frame) => this.frame(frame));
      socket.on("figures", (message) => this.figures(message));
      socket.on("beat", (beat) => this.beat(beat));
      socket.on("blind", (message) => this.blinded(message));
      socket.on("reset", () => this.reload());
      socket.on("disconnect", () => this.lost());
      socket.on("connect_error", () => this.lost());
    }

    /** Connect, and go on connecting for good. A second call does nothing. */
    open() {
      if (this.watch) return;
      this.socket.connect();
      this.watch = setInterval(() => this.judge(), 500);
      setInterval(() => this.tell(), REPORT_MS);
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

    /** A greeting proves nothing: it is given from what the server has at hand. The beat follows within two seconds. */
    hello(hello) {
      this.tries = 0;
      this.target = hello.seq;
      this.beatSeq = null;
      this.helloAt = performance.now();
      this.doubtSince = null;
      this.clock(hello);
      this.display = hello.scope?.name ?? ""; // the name of the screen, as the configuration has it
      if (hello.epoch !== this.state().epoch) this.reload();
      else this.resume();
      this.judge();
    }

    /** Say what we have and which grid we look at; the server goes on from there. */
    resume(more = {}) {
      const { epoch, seq, grid } = this.state();
      const { pace } = this;
      if (this.socket.connected) this.socket.emit("resume", { epoch, seq, grid: grid.code, parts: true, pace, ...more });
    }

    /** Whether this beat proves nothing, for the line was silent; then one is asked for that left after the silence. */
    doubted(beat) {
      if (this.doubtSince !== null && beat.echo === this.echo) {
        this.doubtSince = null;
        return false;
      }
      const now = performance.now();
      const since = this.doubtSince ?? Math.max(this.beatAt, this.helloAt);
      if (now - since <= LATE_MS) return this.doubtSince !== null;
      this.doubtSince = now;
      this.echo += 1;
      this.resume({ echo: this.echo });
      return true;
    }

    frame(frame) {
      const outcome = Wall.state.applyFrame(this.state(), frame);
      if (outcome === "hole") this.resume();
      else if (outcome === "reset") this.reload();
      else if (outcome === "old") this.ack();
      if (outcome !== "elsewhere") this.changed();
    }

    figures(message) {
      if (Wall.state.applyFigures(this.state(), message)) this.changed();
    }

    beat(beat) {
      if (this.doubted(beat)) return;
      this.clock(beat);
      this.beatAt = performance.now();
      this.blind = false;
      const state = this.state();
      if (beat.epoch !== state.epoch) return this.reload();
      // After a silence the first beat may come before what was missed: live is who has that, too.
      if (this.word !== "live" && this.target !== null) this.target = Math.max(this.target, beat.seq);
      // Behind, and not a step further since the last beat: something was lost on the way. Ask again.
      if (beat.seq > state.seq && this.beatSeq === state.seq) this.resume();
      this.beatSeq = state.seq;
      this.judge();
    }

    /** The server lives but cannot look at its store: no proof that what we show is current, only a reason why not. */
    blinded(message) {
      this.clock(message);
      this.blind = true;
      this.judge();
    }

    /** After a paint: the server may send the next frame. */
    ack() {
      const { epoch, seq } = this.state();
      if (this.socket.connected) this.socket.emit("ack", { epoch, seq });
      this.judge();
    }

    /** How this wall fares, for the operator's metrics. */
    tell() {
      if (this.socket.connected && this.target !== null) this.socket.emit("wall", this.report());
    }

    ageMs() {
      return performance.now() - this.beatAt;
    }

    judge() {
      const age = this.ageMs();
      const late = age > LATE_MS;
      let word = "live";
      if (age > SILENCE_MS) word = "stale";
      else if (!this.drawn() || this.target === null || this.state().seq < this.target) word = "catching-up";
      if (word === this.word && late === this.late) return;
      [this.word, this.late] = [word, late];
      this.mode(word, late);
    }
  }

  Wall.Link = Link;
})();
