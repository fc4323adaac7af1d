const text = require("fs").readFileSync(0, "utf8");
try {
  console.log(Object.keys(JSON.parse(text)).length);
} catch (error) {
  console.error(error.stack);
  console.log("not JSON");
}
