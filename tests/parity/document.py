"""A domain as a tree that keeps what hooks may depend on: the order of elements and attributes, the
prefixes, and the text's own layout."""

import xml.parsers.expat

# As Go's encoding/xml escapes, with which KubeVirt writes.
ESCAPES = {
    **{'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"},
    **{"\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"},
}


class Element:
    """An element: its name with prefix, attributes in order (xmlns too), children, and text."""

    def __init__(self, name, attributes):
        self.name = name
        self.attributes = dict(attributes)
        self.children = []
        self.text = ""

    def find(self, path):
        """The first descendant at a path of names, or None."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                return child.find(rest) if rest else child
        return None


def parse(text):
    """The root element of a document. Raises xml.parsers.expat.ExpatError."""
    top = Element("", {})
    stack = [top]

    def start(name, attributes):
        pairs = zip(attributes[::2], attributes[1::2])
        stack.append(Element(name, pairs))
        stack[-2].children.append(stack[-1])

    def end(_name):
        element = stack.pop()
        if element.children:
            element.text = element.text.strip()

    def data(text):
        stack[-1].text += text

    parser = xml.parsers.expat.ParserCreate()  # without namespaces: prefixes stay
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    parser.Parse(text, True)
    return top.children[0]


def escape(text):
    """Text as KubeVirt writes it."""
    return "".join(ESCAPES.get(character, character) for character in text)


def form(element, depth=0):
    """The element in KubeVirt's form: tabs, double quotes, an end tag for every element."""
    line = "\n" + "\t" * depth
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in element.attributes.items())
    inside = "".join(f"{line}\t{form(child, depth + 1)}" for child in element.children)
    inside += line if element.children else escape(element.text)
    return f"<{element.name}{attributes}>{inside}</{element.name}>"
