const n = Number(require("fs").readFileSync(0, "utf8"));
const zeros = new Array(n).fill(0);
console.log(JSON.stringify(zeros));
