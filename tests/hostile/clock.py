"""The time of day of a program under attack. libfaketime sets it for the program alone; the
monotonic clock goes on, as it does in a kernel."""

import os
import pathlib
import time

# An attack has succeeded when the program waits for so many seconds more than it should.
LATE = 10
# libev looks at the time of day only when it last did so half a second ago.
SEEN = 1


class Clock:
    """The time of day of a program that is started with this environment."""

    def __init__(self, directory):
        [library] = pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        self.file = directory / "clock"
        self.file.write_text("+0", encoding="utf-8")
        preloaded = [os.environ.get("LD_PRELOAD"), str(library)]
        self.environment = {
            "LD_PRELOAD": " ".join(filter(None, preloaded)),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            # a sanitizer wants to be first
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }

    def set_back(self):
        """Sets it back by an hour."""
        self.set(-3600)

    def set(self, seconds):
        """Sets it to that many seconds after the real time, or before it."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+}", encoding="utf-8")
        new.rename(self.file)
        time.sleep(SEEN)
