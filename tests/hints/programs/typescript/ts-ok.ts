import * as fs from "fs";

const [key, value]: string[] = fs.readFileSync(0, "utf8").trim().split(" ");
const unused: number = 3;
console.log(`${key}=${value}`);
