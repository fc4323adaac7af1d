function deposit(amount) {
  if (amount <= 0) {
    throw new Error("amount must be positive");
  }
  return amount;
}

const amount = Number(require("fs").readFileSync(0, "utf8"));
console.log(deposit(amount));
