#!/usr/bin/python3
"""An API server whose list arrives byte by byte: it is given up, asked for again, and taken."""

import itertools
import threading

from lying import Liar, support


class Drip(Liar):
    def test_a_list_that_drips(self):
        """A byte at a time; it is given up after 30 s, and asked for again."""
        began = threading.Event()

        def drip(call):
            self.lies = None
            call.begin()
            began.set()
            for byte in itertools.cycle(b" "):
                call.chunk(bytes([byte]))
                if self.over.wait(1):
                    break

        self.lies = drip
        controller = self.start()
        self.assertTrue(began.wait(support.PATIENCE))
        self.assert_goes_on(controller)


if __name__ == "__main__":
    support.main()
