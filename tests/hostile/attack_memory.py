#!/usr/bin/python3
"""All that is allowed to take memory of hook-controller at once: as many connections as there may
be, bodies that never end, and reviews of annotations with a fault in each of their values on all
threads. The attack succeeds if the limit of the Deployment is exceeded, or a review gets no
verdict."""

import concurrent.futures
import threading

import attack_connections
from clients import ADDRESSES, HANDSHAKE_S, HEAD, LARGEST
from reviews import machine, sidecars
from webhooks import support

FAULTS = machine(sidecars({"args": [1] * 19000}))  # as many values as an annotation may have
COUNT = 16
TIMES = 4


class AllAtOnce(attack_connections.Attack):
    THREADS = 8  # the most by default

    def overwhelm(self, number):
        """Has an annotation full of faults reviewed; that review may be lost to others."""
        for _ in range(TIMES):
            client = self.attacker.tls(ADDRESSES[number % len(ADDRESSES)], HANDSHAKE_S)
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
        self.attacker.keep_alive(1024)
        with self.attacker.upload(100, LARGEST // 2, stopped):
            try:
                with concurrent.futures.ThreadPoolExecutor(COUNT) as pool:
                    evil = [pool.submit(self.overwhelm, number) for number in range(COUNT)]
                    self.assert_reviews()
                    for each in evil:
                        each.result()
                self.assert_reviews(LARGEST)
                self.memory.check(self.controller.process)
            finally:
                stopped.set()


if __name__ == "__main__":
    support.main()
