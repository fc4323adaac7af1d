const days = ["mon", "tue" "wed"];
console.log(days[0], days[2]);
