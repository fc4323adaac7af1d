const n = Number(require("fs").readFileSync(0, "utf8"));
const square = n * n;
print(square);
