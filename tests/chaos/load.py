# SPDX-License-Identifier: Apache-2.0
"""What is submitted during a run, and what is known of it: each submission has a number, prints it, and is handed in under a key of its
own until somebody acknowledges it."""
import random
import threading

import requests
from nodes import now

C = '#include <stdio.h>\nint main(void) { long n; while (scanf("%ld", &n) == 1) printf("%ld\\n", n); }\n'
PYTHON = "import sys\nfor line in sys.stdin: print(int(line))\n"
BASH = "while read n; do echo $n; done"
SLEEPER = "read n; sleep 0.2; echo $n"


def program(number):
    """Mixed: compiled and not, short and longer, right and wrong, one test case and many."""
    language, code = [("c", C), ("bash", BASH), ("python", PYTHON), ("bash", SLEEPER)][number % 7 % 4]
    count = 12 if number % 10 == 0 else 2 if number % 3 == 0 else 1
    right = number % 5 != 0
    tests = [{"stdin": f"{number + i}\n", "expected_output": f"{number + i + (0 if right else 1)}\n"} for i in range(count)]
    return {"language": language, "code": code, "test_cases": tests, "priority": number % 21 - 10}


def is_right(document, number):
    body = program(number)
    verdict = "accepted" if number % 5 else "wrong_answer"
    return (document["status"] == "completed" and document["verdict"] == verdict
            and [one["stdout"] for one in document["results"]] == [test["stdin"] for test in body["test_cases"]])


class Load:
    """Submitters, who end when all are acknowledged, and a reader, who holds whatever it has seen final against all later answers."""

    def __init__(self, apis, submissions, run, rate=None, threads=6):
        self.apis, self.run, self.lock = apis, run, threading.Lock()
        self.begun, self.rate, self.handed_out = now(), rate, 0  # rate: submissions a second; None: as fast as it goes
        self.todo = list(range(submissions))
        self.acknowledged, self.final = {}, {}  # number -> token; token -> document
        self.two_tokens, self.differing, self.refused, self.unanswered = [], [], 0, 0
        self.stop = threading.Event()
        self.submitters = [threading.Thread(target=self._submit, daemon=True) for _ in range(threads)]
        self.reader = threading.Thread(target=self._read, daemon=True)
        for thread in [*self.submitters, self.reader]:
            thread.start()

    def _session(self):
        session = requests.Session()
        session.trust_env = False
        return session

    def _submit(self):
        session, chance = self._session(), random.Random()
        while not self.stop.is_set():
            with self.lock:
                if not self.todo:
                    return
                number = self.todo.pop()
                self.handed_out += 1
                due = self.begun + self.handed_out / self.rate if self.rate else 0
            self.stop.wait(max(0, due - now()))
            token = None
            while token is None and not self.stop.is_set():
                token = self._try(session, chance.choice(self.apis), number)
            if token and chance.random() < 0.05:  # the client did not hear it, and comes again
                again = self._try(session, chance.choice(self.apis), number)
                if again not in (None, token):
                    self.two_tokens.append((number, token, again))
            if token:
                with self.lock:
                    self.acknowledged[number] = token

    def _try(self, session, api, number):
        try:
            answer = session.post(api.url("/execute-batch"), json=program(number), timeout=8,
                                  headers={"Idempotency-Key": f"{self.run}-{number}"})
        except requests.RequestException:
            self.unanswered += 1
            self.stop.wait(0.05)
            return None
        if answer.status_code in (200, 202):
            return answer.json()["token"]
        assert answer.status_code == 503, (answer.status_code, answer.text)
        self.refused += 1
        self.stop.wait(0.05)
        return None

    def _read(self):
        session, chance = self._session(), random.Random()
        while not self.stop.wait(0.02):
            with self.lock:
                tokens = list(self.acknowledged.values())
            if tokens:
                self.look(session, chance.choice(self.apis), chance.choice(tokens[-300:]))

    def look(self, session, api, token, wait=0):
        """One read; True when it is final. A final document must be what every earlier one was."""
        try:
            answer = session.get(api.url(f"/submissions/{token}?wait={wait}"), timeout=wait + 8)
        except requests.RequestException:
            return False
        if answer.status_code == 503:
            return False
        if answer.status_code != 200:
            self.differing.append((token, answer.status_code, answer.text))
            return True
        document = answer.json()
        if document["status"] not in ("completed", "failed", "cancelled"):
            if token in self.final:
                self.differing.append((token, self.final[token], document))
            return False
        with self.lock:
            before = self.final.setdefault(token, document)
        if before != document:
            self.differing.append((token, before, document))
        return True

    def await_acknowledged(self, seconds):
        end = now() + seconds
        for thread in self.submitters:
            thread.join(max(0, end - now()))
        return not any(thread.is_alive() for thread in self.submitters)

    def await_final(self, seconds):
        """Reads every submission over every API. The numbers of those that did not end in time."""
        self.stop.set()
        self.reader.join()
        session, end, lost = self._session(), now() + seconds, []
        for number, token in self.acknowledged.items():
            for api in self.apis:
                while not self.look(session, api, token, wait=10):
                    if now() > end:
                        lost.append(number)
                        break
        return sorted(set(lost))
