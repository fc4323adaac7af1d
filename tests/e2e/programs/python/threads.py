import threading
total, lock = 0, threading.Lock()


def work(number):
    global total
    for _ in range(1000):
        with lock:
            total += number


threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(total)
