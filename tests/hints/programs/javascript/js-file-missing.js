const fs = require("fs");
const n = Number(fs.readFileSync("input.txt", "utf8"));
console.log(n * 2);
