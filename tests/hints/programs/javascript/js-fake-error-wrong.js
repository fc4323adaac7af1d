const [a, b] = require("fs").readFileSync(0, "utf8").split(" ").map(Number);
console.error("Error: Cannot find module 'lodash'");
console.error("ReferenceError: total is not defined");
console.log(a * b * b + a);
