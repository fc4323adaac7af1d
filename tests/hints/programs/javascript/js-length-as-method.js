const word = require("fs").readFileSync(0, "utf8").trim();
const letters = word.length();
console.log(letters);
