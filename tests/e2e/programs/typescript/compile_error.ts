const x: number = "text";
console.log(undeclared_thing, x);
