const id = Number(require("fs").readFileSync(0, "utf8"));
const people = [
  { id: 1, name: "Ida" },
  { id: 2, name: "Jon" },
];
const found = people.find((p) => p.id === id);
console.log(found.name);
