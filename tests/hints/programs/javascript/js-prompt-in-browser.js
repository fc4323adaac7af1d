const name = prompt("Your name?");
console.log("Hi " + name);
