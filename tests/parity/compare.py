"""What is missing, extra, different or out of order in a domain, compared with KubeVirt's.

A path is the names of the elements from the root, "domain/devices/disk[lun]", and for an attribute
"@" and its name after them; some elements have their kind in brackets. Paths are counted, as a
multiset: the share is how many of KubeVirt's are in ours. Values are compared where elements
correspond: the first disk with the first disk, and so on. What is in ours as often as in KubeVirt's,
but in another of such elements, is different, too."""

import collections
import itertools
import re
import typing

# The attribute that says which of the elements with one name it is.
KINDS = {"disk": "device", "entry": "name", "timer": "name"}


def part(element):
    """An element's part of a path."""
    kind = element.attributes.get(KINDS.get(element.name))
    return f"{element.name}[{kind}]" if kind else element.name


def paths(element, above=""):
    """Yields the path of each element and of each attribute, from the element down."""
    path = f"{above}/{part(element)}" if above else part(element)
    yield path
    for name in element.attributes:
        yield f"{path}@{name}"
    for child in element.children:
        yield from paths(child, path)


class Path(typing.NamedTuple):
    """Where an element or attribute is: its path, and the same with the numbers of elements that are
    repeated, disk[lun][2]."""

    plain: str
    place: str

    def child(self, element, number):
        """The path of a child, with its number if it has one."""
        place = f"{part(element)}[{number}]" if number else part(element)
        return Path(f"{self.plain}/{part(element)}", f"{self.place}/{place}")

    def attribute(self, name):
        """The path of an attribute."""
        return Path(*(f"{path}@{name}" for path in self))


class Comparison:
    """Of our domain with KubeVirt's. Each of missing, extra, different and disordered is a list of
    lines for people. What is allowed is left out, but for what is missing."""

    def __init__(self, ours, theirs, allowed):
        self.allowed = allowed
        our_paths = collections.Counter(paths(ours))
        their_paths = collections.Counter(paths(theirs))
        self.total = their_paths.total()
        self.same = (our_paths & their_paths).total()
        self.missing = lines(their_paths - our_paths)
        extra = our_paths - their_paths
        self.extra = lines({path: extra[path] for path in extra if not allowed.has(path)})
        self.different = []
        self.disordered = []
        self.only_ours, self.only_theirs = [], []  # paths, where elements correspond
        self.pair(ours, theirs, Path(part(theirs), part(theirs)))
        self.misplaced()

    @property
    def share(self):
        """How many percent of KubeVirt's paths are in ours."""
        return 100 * self.same / self.total

    @property
    def faults(self):
        """How many things are wrong whatever the share is."""
        return len(self.extra) + len(self.different) + len(self.disordered)

    def pair(self, ours, theirs, path):
        """Compares two elements that correspond, and those inside them. Either may be None."""
        if ours is None or theirs is None:
            (self.only_theirs if ours is None else self.only_ours).append(path)
        our_attributes = ours.attributes if ours else {}
        their_attributes = theirs.attributes if theirs else {}
        for name in {**their_attributes, **our_attributes}:
            attribute = path.attribute(name)
            if name not in our_attributes:
                self.only_theirs.append(attribute)
            elif name not in their_attributes:
                self.only_ours.append(attribute)
            else:
                self.value(attribute, our_attributes[name], their_attributes[name])
        our_names = [child.name for child in ours.children] if ours else []
        their_names = [child.name for child in theirs.children] if theirs else []
        if ours and theirs:
            self.value(path, ours.text, theirs.text)
            self.order(f"{path.plain}@", list(our_attributes), list(their_attributes))
            self.order(f"{path.plain}/", our_names, their_names)
        for name in dict.fromkeys(our_names + their_names):
            pairs = list(itertools.zip_longest(named(ours, name), named(theirs, name)))
            for number, (our_child, their_child) in enumerate(pairs, 1):
                below = path.child(their_child or our_child, number if len(pairs) > 1 else None)
                self.pair(our_child, their_child, below)

    def value(self, path, ours, theirs):
        """Compares two values."""
        if ours != theirs and not self.allowed.has(path.plain):
            self.different.append(f"{path.plain}: {ours!r}, KubeVirt has {theirs!r}")

    def misplaced(self):
        """Adds what only one of two elements that correspond has, if it is elsewhere in the other
        domain. What is nowhere is missing or extra."""
        for found, others, whose in (
            (self.only_ours, self.only_theirs, "ours"),
            (self.only_theirs, self.only_ours, "KubeVirt's"),
        ):
            elsewhere = {path.plain for path in others}
            for path in found:
                if path.plain in elsewhere and not self.allowed.has(path.plain):
                    self.different.append(f"{path.plain}: only {whose} has {path.place}")

    def order(self, path, ours, theirs):
        """Compares the order of what both have."""
        both = collections.Counter(ours) & collections.Counter(theirs)
        ours, theirs = common(ours, both), common(theirs, both)
        if ours != theirs:
            self.disordered.append(f"{path}: {' '.join(ours)}, KubeVirt has {' '.join(theirs)}")


def named(element, name):
    """The children of a name; none of None."""
    return [child for child in element.children if child.name == name] if element else []


def common(names, both):
    """The names that are in both, at most as often as there."""
    left = collections.Counter(both)
    kept = []
    for name in names:
        if left[name] > 0:
            left[name] -= 1
            kept.append(name)
    return kept


def lines(counted):
    """Paths with how often they are there."""
    return [f"{path} ({count})" if count > 1 else path for path, count in sorted(counted.items())]


class Allowed:
    """The paths that may differ: the table "| path | why |" of docs/launcher.md. A path that ends
    in /* stands for all that is below, too, and one without kinds for all kinds."""

    HEADER = ["path", "why"]

    def __init__(self, reasons):
        self.reasons = dict(reasons)

    @classmethod
    def read(cls, text):
        """From a page. Raises ValueError if it has no such table, a row without a reason, or a path
        that is there twice."""
        reasons = {}
        inside = False
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            inside = line.startswith("|") and (inside or cells == cls.HEADER)
            if not inside or not cells[0].startswith("`"):
                continue
            if len(cells) != 2 or not cells[1]:
                raise ValueError(f"the row has no reason: {line}")
            for path in (part.strip().strip("`") for part in cells[0].split(",")):
                if path in reasons:
                    raise ValueError(f"the path {path} is there twice")
                reasons[path] = cells[1]
        if not reasons:
            raise ValueError("the page has no table of paths that may differ, and why")
        return cls(reasons)

    def has(self, path):
        """Whether a path may differ."""
        return any(map(self.lists, (path, re.sub(r"\[[^]]*\]", "", path))))

    def lists(self, path):
        """Whether a path is in the table, or below one that is."""
        candidates = [path]
        above = path
        while above:
            candidates.append(f"{above}/*")
            above = above.rpartition("@" if "@" in above else "/")[0]
        return any(candidate in self.reasons for candidate in candidates)
