// Not ours: npm's socket.io-client with the few rules of the live feed. Tells its position on each line it prints,
// and at the end of its input every item that it has applied.
"use strict";
const { io } = require("socket.io-client");

let epoch = null;
let seq = 0;
let items = [];
let connections = 0;
let resets = 0;
const socket = io(`${process.argv[2]}/live`, { transports: ["websocket"], reconnectionDelayMax: 1000 });
const place = () => ({ epoch, seq });

socket.on("hello", (hello) => {
  connections += 1;
  if (epoch === null) ({ epoch, seq } = hello);
  socket.emit("resume", place());
  console.log(JSON.stringify(place()));
});
socket.on("frame", (frame) => {
  if (frame.epoch !== epoch || frame.from > seq + 1) return socket.emit("resume", place());
  items.push(...frame.items.filter((item) => item.seq > seq));
  seq = Math.max(seq, frame.to);
  socket.emit("ack", place());
  console.log(JSON.stringify(place()));
});
socket.on("reset", (reset) => {
  resets += 1;
  ({ epoch, seq } = reset);
});
process.stdin.resume();
process.stdin.on("end", () => {
  console.log(JSON.stringify({ items, connections, resets }));
  process.exit(0);
});
