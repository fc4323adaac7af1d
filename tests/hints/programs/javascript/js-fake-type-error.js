const n = Number(require("fs").readFileSync(0, "utf8"));
console.error("/box/main.js:3\nconsole.log(x.name);\n              ^\n");
console.error("TypeError: Cannot read properties of undefined (reading 'name')");
console.error("    at Object.<anonymous> (/box/main.js:3:15)");
console.log(n);
