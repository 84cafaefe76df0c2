"""Reads a page of metrics on standard input as Prometheus' own client does, and writes it as JSON:
of each family "type" and "samples", an object: the sample as it stands in a query, and its value."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families


def query(sample):
    """name{label="value",...} with labels by name."""
    labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
    return sample.name + ("{" + labels + "}" if labels else "")


def main():
    families = {}
    for family in text_string_to_metric_families(sys.stdin.read()):
        assert family.name not in families, family.name
        assert family.documentation, family.name
        samples = {query(sample): sample.value for sample in family.samples}
        assert len(samples) == len(family.samples), family.samples
        families[family.name] = {"type": family.type, "samples": samples}
    json.dump(families, sys.stdout)


main()
