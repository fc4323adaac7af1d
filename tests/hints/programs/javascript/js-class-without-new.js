class Counter {
  constructor() {
    this.value = 0;
  }
  up() {
    this.value++;
  }
}

const c = Counter();
c.up();
console.log(c.value);
