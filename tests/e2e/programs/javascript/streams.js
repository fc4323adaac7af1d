const fs = require("fs");
const n = Number(fs.readFileSync("/dev/stdin", "utf8"));
fs.writeFileSync("/dev/stdout", `${n * 2}\nmore\n`);
fs.writeFileSync("/dev/stderr", "seen\n");
