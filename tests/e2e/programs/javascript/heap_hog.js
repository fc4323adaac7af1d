const hoard = [];
for (let i = 0;; i++)
    hoard.push({ i, text: 'x' + i, more: [i, i + 1, i + 2] });
