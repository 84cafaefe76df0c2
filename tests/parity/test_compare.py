#!/usr/bin/python3
"""The comparison itself, with small documents."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import support
from compare import Allowed, Comparison, paths
from document import form, parse

PAGE = """\
### Where it differs from KubeVirt's

Words.

| path | why |
|---|---|
| `domain/uuid` | chosen anew |
| `domain/devices/disk/source@file`, `domain/devices/tpm/*` | of this machine |

### Next

| field | why |
|---|---|
| `domain/name` | of another table |

| path | why |
|---|---|
| `domain/devices/interface@type` | another network |
"""


def compare(ours, theirs, allowed=()):
    """The comparison of what is inside two domains."""
    texts = [f"<domain>{inside}</domain>" for inside in (ours, theirs)]
    return Comparison(*map(parse, texts), Allowed({path: "why" for path in allowed}))


class PathsTest(support.TestCase):
    def test_elements_and_attributes(self):
        root = parse("<domain type='kvm'><devices><disk a='1' b='2'/><disk/></devices></domain>")
        self.assertEqual(
            list(paths(root)),
            ["domain", "domain@type", "domain/devices", "domain/devices/disk"]
            + ["domain/devices/disk@a", "domain/devices/disk@b", "domain/devices/disk"],
        )

    def test_prefixes_stay(self):
        root = parse("<domain xmlns:q='urn:q'><q:arg q:x='1'/></domain>")
        self.assertEqual(
            list(paths(root)), ["domain", "domain@xmlns:q", "domain/q:arg", "domain/q:arg@q:x"]
        )


class ComparisonTest(support.TestCase):
    def test_equal(self):
        result = compare("<name>a</name>", "<name>a</name>")
        self.assertEqual((result.share, result.faults, result.missing), (100, 0, []))

    def test_repeated_elements_count_each(self):
        result = compare("<d/><d/>", "<d/><d/><d/>")
        self.assertEqual((result.same, result.total), (3, 4))
        self.assertEqual(result.missing, ["domain/d"])
        self.assertEqual(compare("<d/>", "<d/><d/><d/>").missing, ["domain/d (2)"])
        self.assertEqual(compare("<d/><d/>", "<d/>").extra, ["domain/d"])

    def test_attributes(self):
        result = compare("<d a='1' c='1'/>", "<d a='1' b='1'/>")
        self.assertEqual(result.missing, ["domain/d@b"])
        self.assertEqual(result.extra, ["domain/d@c"])
        self.assertEqual((result.same, result.total), (3, 4))

    def test_a_device_too_many_does_not_make_up_for_one_too_few(self):
        result = compare("<devices><a/><a/></devices>", "<devices><a/><b/></devices>")
        self.assertEqual((result.same, result.total), (3, 4))

    def test_an_element_at_the_wrong_sibling(self):
        disks = "<disk><source/>%s</disk><disk>%s</disk>"
        result = compare(disks % ("<readonly/>", ""), disks % ("", "<readonly/>"))
        self.assertEqual(
            result.different,
            [
                "domain/disk/readonly: only ours has domain/disk[1]/readonly",
                "domain/disk/readonly: only KubeVirt's has domain/disk[2]/readonly",
            ],
        )
        self.assertEqual((result.share, result.faults), (100, 2))

    def test_an_attribute_at_the_wrong_sibling(self):
        result = compare("<d a='1'/><d/>", "<d/><d a='1'/>")
        self.assertEqual(
            result.different,
            ["domain/d@a: only ours has domain/d[1]@a"]
            + ["domain/d@a: only KubeVirt's has domain/d[2]@a"],
        )
        self.assertEqual(compare("<d a='1'/><d/>", "<d/><d a='1'/>", ["domain/d@a"]).faults, 0)

    def test_so_is_what_is_below_an_element_that_only_one_has(self):
        disks = "<disk>%s</disk><disk>%s</disk>"
        ours, theirs = "<source dev='1'><reservations/></source>", "<source dev='1'/>"
        result = compare(disks % (ours, ""), disks % ("", ours))
        self.assertEqual(len(result.different), 6)
        self.assertIn(
            "domain/disk/source@dev: only ours has domain/disk[1]/source@dev", result.different
        )
        self.assertEqual(len(compare(disks % (ours, ""), disks % ("", theirs)).different), 4)

    def test_what_is_nowhere_is_only_missing_or_extra(self):
        result = compare("<d/><d/>", "<d><e f='1'/></d><d/>")
        self.assertEqual(result.missing, ["domain/d/e", "domain/d/e@f"])
        self.assertEqual((result.faults, result.different), (0, []))
        result = compare("<d><e f='1'/></d><d/>", "<d/><d/>")
        self.assertEqual(result.extra, ["domain/d/e", "domain/d/e@f"])
        self.assertEqual((result.faults, result.different), (2, []))

    def test_values(self):
        result = compare("<n>a</n><d x='1'/><d x='2'/>", "<n>b</n><d x='1'/><d x='3'/>")
        self.assertEqual(
            result.different,
            ["domain/n: 'a', KubeVirt has 'b'", "domain/d@x: '2', KubeVirt has '3'"],
        )
        self.assertEqual(result.share, 100)

    def test_space_between_elements_is_no_text(self):
        self.assertEqual(compare("<a>\n<b/></a>", "<a><b/>\n\t</a>").faults, 0)
        self.assertEqual(compare("<a> b</a>", "<a>b</a>").faults, 1)

    def test_order_of_elements(self):
        result = compare("<a/><b/><a/>", "<a/><a/><b/>")
        self.assertEqual(result.disordered, ["domain/: a b a, KubeVirt has a a b"])
        self.assertEqual(compare("<a/><b/>", "<a/><c/><b/>").disordered, [])

    def test_order_of_attributes(self):
        result = compare("<d a='1' b='2'/>", "<d b='2' a='1'/>")
        self.assertEqual(result.disordered, ["domain/d@: a b, KubeVirt has b a"])

    def test_entries_are_known_by_name(self):
        ours = "<s><entry name='uuid'>1</entry><entry name='sku'>1</entry></s>"
        theirs = ours.replace(">1<", ">2<")
        result = compare(ours, theirs, ["domain/s/entry[uuid]"])
        self.assertEqual(result.different, ["domain/s/entry[sku]: '1', KubeVirt has '2'"])
        self.assertEqual(compare(ours, theirs, ["domain/s/entry"]).different, [])

    def test_so_is_what_is_below_them(self):
        ours = "<timer name='tsc' hz='1'><x y='1'/></timer>"
        result = compare(ours, ours.replace("'1'", "'2'"), ["domain/timer[tsc]@hz"])
        self.assertEqual(result.different, ["domain/timer[tsc]/x@y: '1', KubeVirt has '2'"])


    def test_and_disks_by_device(self):
        ours = "<disk device='lun'><x a='1'/><y/></disk><disk device='disk'><x a='1'/><y/></disk>"
        theirs = ours.replace("'1'", "'2'").replace("<y/>", "")
        result = compare(ours, theirs, ["domain/disk[lun]/x@a", "domain/disk[lun]/y"])
        self.assertEqual(result.different, ["domain/disk[disk]/x@a: '1', KubeVirt has '2'"])
        self.assertEqual(result.extra, ["domain/disk[disk]/y"])


class AllowedTest(support.TestCase):
    def test_what_is_listed(self):
        ours, theirs = "<uuid>1</uuid><x a='1'/>", "<uuid>2</uuid><x a='2'/>"
        self.assertEqual(compare(ours, theirs, ["domain/uuid"]).faults, 1)
        self.assertEqual(compare(ours, theirs, ["domain/uuid", "domain/x@a"]).faults, 0)
        self.assertEqual(compare("<x/><x/>", "<x/>", ["domain/x"]).extra, [])

    def test_what_is_missing_stays_missing(self):
        result = compare("", "<x/>", ["domain/x"])
        self.assertEqual((result.missing, result.share), (["domain/x"], 50))

    def test_all_below(self):
        allowed = ["domain/x/*"]
        self.assertEqual(compare("<x><y a='1'>1</y></x>", "<x/>", allowed).extra, [])
        self.assertEqual(compare("<xy/>", "", allowed).extra, ["domain/xy"])
        self.assertEqual(compare("<x a='1'/>", "<x a='2'/>", allowed).faults, 0)

    def test_the_table_of_a_page(self):
        allowed = Allowed.read(PAGE)
        self.assertEqual(
            allowed.reasons,
            {
                "domain/uuid": "chosen anew",
                "domain/devices/disk/source@file": "of this machine",
                "domain/devices/tpm/*": "of this machine",
                "domain/devices/interface@type": "another network",
            },
        )
        self.assertTrue(allowed.has("domain/devices/tpm/backend@type"))
        self.assertFalse(allowed.has("domain/name"))

    def test_a_page_without_it(self):
        for page, words in (
            ("# Page\n\n| field | why |\n|---|---|\n| `a` | b |\n", "no table"),
            (PAGE.replace("chosen anew", " "), "no reason"),
            (PAGE.replace("devices/interface@type", "uuid"), "domain/uuid is there twice"),
        ):
            with self.subTest(words), self.assertRaisesRegex(ValueError, words):
                Allowed.read(page)


class FormTest(support.TestCase):
    def test_kubevirts_form(self):
        text = (
            '<domain type="kvm" xmlns:q="urn:q">\n\t<a>it&#39;s &#34;1&#34; &amp;&#xA;2</a>\n'
            '\t<b x="&lt;">\n\t\t<c></c>\n\t</b>\n</domain>'
        )
        self.assertEqual(form(parse(text)), text)

    def test_other_forms(self):
        for text in ("<domain><a/></domain>", "<domain>\n  <a></a>\n</domain>"):
            self.assertEqual(form(parse(text)), "<domain>\n\t<a></a>\n</domain>")


if __name__ == "__main__":
    support.main()
