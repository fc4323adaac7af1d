function later(value) {
  return new Promise((done) => setTimeout(() => done(value), 5));
}

function load() {
  const text = require("fs").readFileSync(0, "utf8").trim();
  const value = await later(text);
  console.log(value);
}

load();
