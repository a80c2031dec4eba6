// All clients in one event loop.
const { readlinkSync } = require("node:fs");
const { createServer } = require("node:net");
const { createInterface } = require("node:readline");

createServer((client) => {
  client.on("error", () => client.destroy());
  createInterface(client).on("line", (line) => {
    const milliseconds = line.startsWith("work ") ? Number(line.slice(5)) : 0;
    const ids = () => readlinkSync("/proc/thread-self").replace("/task/", " ");
    setTimeout(() => client.write(`${ids()}\n`), milliseconds);
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
