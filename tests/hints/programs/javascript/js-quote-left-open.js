const state = "ready;
console.log(state);
