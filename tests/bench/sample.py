"""Rows of `make bench` that are measured in Python: in the same format as those of sample.c, and in
the same JSON file."""

import json


class Report:
    """The JSON file; a row replaces the one with the same name from an earlier run."""

    def __init__(self, path):
        self.path = path

    def add(self, name, unit, values, target=""):
        """Prints the row of a sample and writes it to the file."""
        values = sorted(values)
        row = {"name": name, "unit": unit, "target": target, "runs": len(values)}
        parts = {"min": 0, "p25": 0.25, "median": 0.5, "p75": 0.75, "max": 1}
        row.update((key, quantile(values, part)) for key, part in parts.items())
        print(
            f"| {name} | {row['median']:.2f} {unit} | {row['p25']:.2f} to {row['p75']:.2f} "
            f"| {row['min']:.2f} to {row['max']:.2f} | {len(values)} | {target} |",
            flush=True,
        )
        rows = json.loads(self.path.read_text("utf-8")) if self.path.exists() else []
        rows = [other for other in rows if other["name"] != name] + [row]
        self.path.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")


def quantile(values, part):
    """A quantile of the sorted values, with linear interpolation."""
    if len(values) == 1 or part == 1:
        return values[-1]
    place = part * (len(values) - 1)
    below = int(place)
    return values[below] + (place - below) * (values[below + 1] - values[below])
