#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Kills, stops and cuts off whatever there is, at random, while programs are submitted; then counts.

    tests/chaos/chaos.py cluster|serve|soak [--submissions N] [--rate R] [--seconds S] [--seed X] [--keep]

cluster: Redis, two `evalx api`, three `evalx worker`, a wire that can be cut before each.  serve: `evalx serve`, killed in a loop.
soak: the cluster left in peace under a steady load for S seconds: memory and descriptors must stay what they were.

Afterwards every acknowledged submission must have one final result, the right one, the same on every read; prints: acknowledged,
completed, lost, duplicated, re-executed. Exits 1 when anything is wrong, and says what. A run is repeated by its seed only so far
as the machine plays along.
"""
import argparse
import collections
import contextlib
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import threading
from pathlib import Path

from load import Load, is_right
from nodes import SLOW, Evalx, Redis, now
from wire import Wire

LEASE_MS = 2000
ATTEMPTS_MAX = 3


class World:
    """All nodes of a run. Everything it starts is gone when it is closed."""

    def __init__(self, folder):
        self.folder, self.nodes, self.wires = folder, [], {}
        self.redis, self.apis, self.workers = None, [], []

    def add(self, node, wire=None):
        self.nodes.append(node)
        if wire:
            self.wires[node] = wire
        node.start()
        return node

    def evalx(self, name, role, redis=None, **settings):
        wire = Wire(redis.port) if redis else None
        if wire:
            settings["store_url"] = f"redis://127.0.0.1:{wire.port}"
        return self.add(Evalx(name, self.folder, role, store_lease=f"{LEASE_MS}ms", **settings), wire)

    def close(self):
        for node in reversed(self.nodes):
            with contextlib.suppress(Exception):
                node.close()
        for wire in self.wires.values():
            wire.close()


class Cluster(World):
    def open(self):
        self.redis = self.add(Redis("redis", self.folder))
        self.redis.wait_ready()
        self.apis = [self.evalx(f"api{i}", "api", self.redis) for i in range(2)]
        self.workers = [self.evalx(f"worker{i}", "worker", self.redis, slots=2) for i in range(3)]
        for node in self.nodes:
            node.wait_ready()

    def faults(self):
        return [(self.kill, self.apis, 2), (self.kill, self.workers, 3), (self.kill_first, self.workers, 2),
                (self.pause, self.apis, 1), (self.pause, self.workers, 3), (self.kill, [self.redis], 2),
                (self.pause, [self.redis], 2), (self.cut, self.apis, 2), (self.cut, self.workers, 3)]

    def attempts(self, token):
        return int(self.redis.ask("hget", "{evalx}:s:" + token, "attempts") or 0)

    # ---- faults; each takes care of its own end ----
    @staticmethod
    def kill(_chance, node, _stop):
        node.kill()
        node.start()

    @staticmethod
    def kill_first(_chance, node, _stop):
        node.kill(whole=False)
        node.start()

    @staticmethod
    def pause(chance, node, stop):
        node.stop()
        stop.wait(chance.choice([0.3, 1.2, 1.5 * LEASE_MS / 1000]))
        node.resume()

    def cut(self, chance, node, stop):
        wire = self.wires[node]
        wire.cut(silently=chance.random() < 0.5)
        stop.wait(chance.choice([0.1, 0.5, 1.5 * LEASE_MS / 1000]))
        wire.mend()


class Single(World):
    def open(self):
        self.apis = [self.evalx("serve", "serve", slots=2)]
        self.workers = self.apis
        self.apis[0].wait_ready()

    def faults(self):
        return [(Cluster.kill, self.apis, 3), (Cluster.kill_first, self.apis, 2), (self.kill_jail, self.apis, 1),
                (self.pause_shortly, self.apis, 1)]

    @staticmethod
    def attempts(_token):
        return 0  # the log knows

    @staticmethod
    def kill_jail(_chance, node, _stop):
        """Its privileged half dies: it must end by itself, and is started again."""
        for pid in node.pids()[1:2]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        node.process.wait(20 * SLOW)
        node.kill()
        node.start()

    @staticmethod
    def pause_shortly(_chance, node, stop):
        node.stop()
        stop.wait(0.3)
        node.resume()


class Killer:
    """Faults at random, several at a time, until stopped. A node that has one is left alone meanwhile, and until it is ready again."""

    def __init__(self, world, seed, pause):
        self.world, self.chance, self.pause = world, random.Random(seed), pause
        self.stop, self.busy, self.lock, self.done = threading.Event(), set(), threading.Lock(), collections.Counter()
        self.threads, self.failed = [], []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.stop.wait(self.chance.uniform(0.5, 1.5) * self.pause):
            faults, weights = zip(*[((fault, nodes), weight) for fault, nodes, weight in self.world.faults()])
            fault, nodes = self.chance.choices(faults, weights)[0]
            node = self.chance.choice(nodes)
            with self.lock:
                if node in self.busy:
                    continue
                self.busy.add(node)
            thread = threading.Thread(target=self._strike, args=(fault, node, random.Random(self.chance.random())))
            self.threads.append(thread)
            thread.start()

    def _strike(self, fault, node, chance):
        try:
            fault(chance, node, self.stop)
            self.done[f"{fault.__name__} {node.name.rstrip('0123456789')}"] += 1
            if node.process.poll() is not None:  # it could not do without Redis when it started: its keeper starts it again
                node.start()
            with contextlib.suppress(AssertionError):
                node.wait_ready(5)
        except Exception as error:  # pylint: disable=broad-except
            self.failed.append((node.name, repr(error)))
        finally:
            with self.lock:
                self.busy.discard(node)

    def end(self):
        """No more faults; everything whole and ready again."""
        self.stop.set()
        self.thread.join()
        for thread in self.threads:
            thread.join()
        for wire in self.world.wires.values():
            wire.mend()
        for node in self.world.nodes:
            node.resume()
        for node in self.world.nodes:
            if node.process.poll() is not None:
                node.start()
            node.wait_ready(90)


def executions(world):
    """How often each submission was begun, by the first characters of its token, from the workers' logs."""
    begun = collections.Counter()
    for worker in world.workers:
        for line in worker.lines():
            if line.get("event") == "submission.started":
                begun[line["token"]] += 1
    return begun


def count(world, load, lost, killer):
    tokens = load.acknowledged
    wrong, given_up = [], []
    for number, token in tokens.items():
        document = load.final.get(token)
        if document and document["status"] == "failed" and "lost 3 times" in (document.get("message") or ""):
            given_up.append(token)
        elif document and not is_right(document, number):
            wrong.append((number, document))
    begun = executions(world)
    most = max([begun[token[:6]] for token in tokens.values()] or [0])
    again = sum(begun[token[:6]] > 1 for token in tokens.values())
    attempts = max([world.attempts(token) for token in list(tokens.values())] or [0])
    duplicated = len(load.two_tokens) + len(load.differing)
    print("faults: " + (", ".join(f"{name} {times}" for name, times in sorted(killer.done.items())) if killer else "none"))
    print(f"answers besides: refused {load.refused}, none {load.unanswered}")
    print(f"acknowledged {len(tokens)}, completed {len(load.final) - len(given_up)}, given up {len(given_up)}, lost {len(lost)}, "
          f"duplicated {duplicated}, wrong {len(wrong)}, re-executed {again} (at most {max(most, attempts)} times begun)")
    problems = [("lost", lost), ("two tokens for one key", load.two_tokens), ("answers that differ", load.differing),
                ("wrong results", wrong), ("faults that failed", killer.failed if killer else [])]
    for what, items in problems:
        if items:
            print(f"{what}: {items[:3]}", file=sys.stderr)
    # One that was running at three kills in a row has met its contract (STORE_ATTEMPTS_MAX); more than a few are no bad luck.
    return not any(items for _, items in problems) and max(most, attempts) <= ATTEMPTS_MAX and len(given_up) <= max(1, len(tokens) // 200)


def chaos(kind, submissions, rate, seconds, seed, folder):
    """A whole run; True when all is well."""
    world = (Cluster if kind == "cluster" else Single)(folder)
    try:
        world.open()
        begin = now()
        load = Load(world.apis, submissions, seed, rate)
        killer = Killer(world, seed, pause=0.4 if kind == "cluster" else 2.0)
        acknowledged = load.await_acknowledged(seconds * SLOW)
        killer.end()
        if not acknowledged:
            load.await_acknowledged(60 * SLOW)
        lost = load.await_final(240 * SLOW)
        print(f"{kind}: seed {seed}, {now() - begin:.0f} s")
        good = count(world, load, lost, killer)
        if load.todo:
            print(f"{len(load.todo)} were not acknowledged in {seconds} s: not tried", file=sys.stderr)
        return good
    finally:
        world.close()


def soak(seconds, folder):
    """A steady load; memory and descriptors of every evalx process must be within 5 % of what they were after the warm-up."""
    world = Cluster(folder)
    try:
        world.open()
        samples, end, warm, number = collections.defaultdict(list), now() + seconds, now() + min(seconds / 4, 60), 0
        nodes = [*world.apis, *world.workers]
        while now() < end:
            load = Load(world.apis, 100, run=f"soak{number}")
            load.await_acknowledged(60)
            assert not load.await_final(120)
            number += 1
            if now() > warm:
                for node in nodes:
                    samples[node.name].append((node.memory_kb(), node.descriptors()))
        good = True
        for name, taken in samples.items():
            part = max(len(taken) // 4, 1)
            first = [statistics.median(one[i] for one in taken[:part]) for i in range(2)]
            last = [statistics.median(one[i] for one in taken[-part:]) for i in range(2)]
            drift = [(after - before) / before for before, after in zip(first, last)]
            good &= drift[0] <= 0.05 and drift[1] <= 0.05
            print(f"soak: {name}: private memory {first[0] / 1024:.1f} -> {last[0] / 1024:.1f} MB ({drift[0]:+.1%}), "
                  f"descriptors {first[1]:.0f} -> {last[1]:.0f} ({drift[1]:+.1%})")
        print(f"soak: {number * 100} submissions in {seconds} s")
        return good
    finally:
        world.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["cluster", "serve", "soak"])
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=20, help="submissions a second")
    parser.add_argument("--seconds", type=float, default=900, help="after which no more is submitted; of the soak: how long")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--keep", action="store_true", help="do not remove the folder with the logs")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="evalx-chaos-"))
    folder.chmod(0o755)
    try:
        if options.kind == "soak":
            good = soak(options.seconds, folder)
        else:
            good = chaos(options.kind, options.submissions, options.rate, options.seconds, options.seed, folder)
    finally:
        if options.keep:
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
