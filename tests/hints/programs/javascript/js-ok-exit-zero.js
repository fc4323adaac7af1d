const word = require("fs").readFileSync(0, "utf8").trim();
if (word === "stop") {
  console.log("stopped");
  process.exit(0);
}
throw new Error("never reached");
