require('readline').createInterface({ input: process.stdin }).on('line', line => console.log('Grüße 日本 🎉 ' + line));
