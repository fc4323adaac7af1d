import * as fs from "fs";

const ages: { [name: string]: number } = { ann: 12, bob: 14 };
const who: string = fs.readFileSync(0, "utf8").trim();
const years: number = ages[who];
console.log(years.toString());
