const [a, b] = require("fs").readFileSync(0, "utf8").split(" ").map(Number);
let sum = a;
let sum = sum + b;
console.log(sum);
