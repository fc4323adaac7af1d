setTimeout(() => {}, 1000000);
