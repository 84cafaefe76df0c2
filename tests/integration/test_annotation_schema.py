"""The JSON Schema of `hookctl schema`, evaluated by a foreign validator, agrees with the parser on
the cases of the parser's own tests."""

import json

import jsonschema

import support

CASES = support.DATA / "annotations"

# What a JSON Schema cannot express: comparing two values, members in another letter case, the
# amount that a string stands for, 60 but not 60.0.
BEYOND_A_SCHEMA = {
    "host-path-over-sockets",
    "letter-case",
    "mounts-coincide",
    "resources-beyond-range",
    "shared-compute-paths",
    "sockets-path",
    "timeout-as-real",
    "unknown-fields.strict",
    "version-not-known",
}
BEYOND = ("is above the limit", "is already set by env[", "in another letter case")


def refuse_duplicates(pairs):
    """An object, or a ValueError for a duplicate key."""
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError("duplicate key")
    return dict(pairs)


def without_nulls(value):
    """null, "" and [] mean the same as an absent field; a schema for editors does not offer
    them."""
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one not in (None, "", [])}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


class Schema(support.TestCase):
    @classmethod
    def setUpClass(cls):
        result = support.run([support.program("hookctl"), "schema"])
        assert result.returncode == 0, result.stderr
        cls.schema = json.loads(result.stdout)
        cls.validator = jsonschema.Draft202012Validator(cls.schema)

    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_examples_are_valid_in_their_place(self):
        def walk(schema, path):
            for example in schema.get("examples", []):
                jsonschema.Draft202012Validator(schema).validate(example)
                seen.append(path)
            for name, below in schema.get("properties", {}).items():
                walk(below, f"{path}.{name}")
            if "items" in schema:
                walk(schema["items"], f"{path}[]")

        seen = []
        walk(self.schema, "")
        self.assertIn("[].hostPath.type", seen)
        self.assertIn("[].env[].name", seen)

    def test_it_agrees_with_the_parser(self):
        """A sidecar is valid exactly if it has no error."""
        disagreements = []
        counts = {True: 0, False: 0}
        for path in sorted(CASES.glob("*.json")):
            if path.stem in BEYOND_A_SCHEMA:
                continue
            expected = path.with_suffix(".expected").read_text(encoding="utf-8").splitlines()
            try:
                value = json.loads(
                    path.read_text(encoding="utf-8"), object_pairs_hook=refuse_duplicates
                )
            except ValueError:
                self.assertIn("refused", expected)
                continue
            sidecars = value if isinstance(value, list) else [value]
            for index, sidecar in enumerate(sidecars):
                where = f"error: [{index}]" if isinstance(value, list) else "error: "
                errors = [line for line in expected if line.startswith(where)]
                errors = [line for line in errors if not any(word in line for word in BEYOND)]
                one = [without_nulls(sidecar)] if isinstance(value, list) else value
                valid = self.validator.is_valid(one)
                counts[valid] += 1
                if valid == bool(errors):
                    disagreements.append((path.stem, sidecar, errors))
        self.assertEqual(disagreements, [])
        self.assertGreater(min(counts.values()), 40)


if __name__ == "__main__":
    support.main()
