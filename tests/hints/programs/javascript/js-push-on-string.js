const word = require("fs").readFileSync(0, "utf8").trim();
let result = "";
for (let i = word.length - 1; i >= 0; i--) {
  result.push(word[i]);
}
console.log(result);
