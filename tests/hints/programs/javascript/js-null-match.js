const text = require("fs").readFileSync(0, "utf8");
const digits = text.match(/[0-9]/g);
console.log(digits.length);
