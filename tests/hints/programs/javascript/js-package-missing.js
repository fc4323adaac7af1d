const _ = require("lodash");
const numbers = require("fs").readFileSync(0, "utf8").trim().split(" ").map(Number);
console.log(_.sum(numbers));
