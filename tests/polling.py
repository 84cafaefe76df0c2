"""How tests wait for what no event tells of: a page that a server serves, a right it has heard of,
a rule of the kernel's. Where there is an event, such as a line, a watch or an end, wait for that."""

import time


def poll(wanted, patience, pause=0.1):
    """Asks wanted() until it returns something true, which is returned, with a pause of so many
    seconds between the answer and the next question. After patience seconds, which bound a hang, the
    last answer is returned."""
    deadline = time.monotonic() + patience
    while not (answer := wanted()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer
