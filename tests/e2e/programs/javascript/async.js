const sleep = ms => new Promise(done => setTimeout(done, ms));
(async () => {
    const results = await Promise.all([3, 1, 2].map(async n => { await sleep(n * 10); return n * n; }));
    console.log(results.join(' '));
    try {
        await Promise.reject(new Error('caught'));
    } catch (e) {
        console.log(e.message);
    }
})();
