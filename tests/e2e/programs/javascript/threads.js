const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
if (isMainThread) {
    let total = 0, left = 3;
    for (const number of [1, 2, 3])
        new Worker(__filename, { workerData: number }).on('message', value => {
            total += value;
            if (--left === 0)
                console.log(total);
        });
} else {
    parentPort.postMessage(workerData * 1000);
}
