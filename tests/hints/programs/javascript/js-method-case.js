const word = require("fs").readFileSync(0, "utf8").trim();
console.log(word.toUppercase());
