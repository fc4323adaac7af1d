const n = Number(require("fs").readFileSync(0, "utf8"));
const area = (x) => x * x;
console.log("area: ".length > 0 ? area(n) : 0;
