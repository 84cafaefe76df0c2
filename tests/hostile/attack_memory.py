#!/usr/bin/python3
"""All that is allowed to take memory of hook-controller at once: as many connections as there may be,
bodies that never end, and reviews of annotations with a fault in each of their values on all
threads. The attack succeeds if the limit of the Deployment is exceeded, or a review gets no
verdict."""

import concurrent.futures
import threading

import attack_connections
import attack_review
from attack_connections import ADDRESSES, HEAD, LARGEST
from webhooks import support

FAULTS = attack_review.machine(attack_review.sidecars({"args": [1] * 80000}))
COUNT = 16
TIMES = 4


class AllAtOnce(attack_connections.Attack):
    THREADS = 8  # the most by default

    def ask(self, number):
        """Has an annotation full of faults reviewed; that review may be lost to others."""
        for _ in range(TIMES):
            client = self.tls(ADDRESSES[number % len(ADDRESSES)])
            if client is None:
                continue
            head = HEAD.format(len(FAULTS)).replace("/mutate-pods", "/validate-machines")
            try:
                client.sendall(head.encode() + FAULTS)
                client.recv(4096)
            except OSError:
                continue

    def test_memory(self):
        stopped = threading.Event()
        self.keep_alive(1024, ADDRESSES)
        with self.upload(100, LARGEST // 2, stopped):
            try:
                with concurrent.futures.ThreadPoolExecutor(COUNT) as pool:
                    evil = [pool.submit(self.ask, number) for number in range(COUNT)]
                    self.assert_reviews()
                    for each in evil:
                        each.result()
                self.assert_reviews(LARGEST)
                self.memory.check(self.controller.process)
            finally:
                stopped.set()


if __name__ == "__main__":
    support.main()
