"""How tests wait for conditions without an event: a page that a server serves, a permission that it
has learned about, a kernel rule. If there is an event, such as a line, a watch event or an exit,
wait for that."""

import time


def poll(wanted, patience, pause=0.1):
    """Calls wanted() until it returns something true, and returns that, with a pause of this many
    seconds between calls. After patience seconds, which bound a hang, returns the last result."""
    deadline = time.monotonic() + patience
    while not (answer := wanted()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer
