console.log(String(1n / 0n));
