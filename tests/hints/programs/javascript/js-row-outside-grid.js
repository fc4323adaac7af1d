const lines = require("fs").readFileSync(0, "utf8").trim().split("\n");
const n = Number(lines[0]);
const grid = lines.slice(1);
let same = 0;
for (let r = 0; r < n; r++) {
  for (let c = 0; c < n; c++) {
    if (grid[r + 1][c] === grid[r][c]) {
      same++;
    }
  }
}
console.log(same);
