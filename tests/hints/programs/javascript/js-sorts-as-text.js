const numbers = require("fs").readFileSync(0, "utf8").trim().split(" ").map(Number);
numbers.sort();
console.log(numbers.join(" "));
