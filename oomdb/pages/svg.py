"""A drawing of matplotlib's as SVG for the inside of a page.

Inline styles, which the page's policy forbids, become attributes, colours become the
classes of the palette, and what a page does not need is left out.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from oomdb.output import terminal
from oomdb.pages.palette import painted

_DROPPED = frozenset({"metadata", "style"})
#: The page's own font and joins are used.
_UNWANTED = frozenset({"font-family", "stroke-linejoin", "stroke-linecap", "stroke-miterlimit"})
_DECIMAL = re.compile(r"-?\d+\.\d+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)|^#(.+)$")
_NO_TURN = re.compile(r"rotate\(-?0 [^)]*\)")
_RECTANGLE = re.compile(
    r"M (?P<x>\S+) (?P<y>\S+) L (?P<right>\S+) (?P=y) L (?P=right) (?P<bottom>\S+)"
    r" L (?P=x) (?P=bottom) (?:L (?P=x) (?P=y) )?z"
)
_NUMBERS = frozenset({"d", "x", "y", "width", "height", "transform", "stroke-width"})


def embedded(drawing: str, name: str, title: str, description: str) -> str:
    """The SVG document `drawing` as an element with an accessible name and description.

    `name` begins every id in it. It has no size of its own but the ratio of its sides.
    """
    root = ET.fromstring(drawing)
    _plain(root)
    _without_ids(root, name)
    _unwrapped(root)
    view_box = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib.update(
        {
            "viewBox": view_box,
            "role": "img",
            "aria-labelledby": f"{name}-title",
            "aria-describedby": f"{name}-description",
        }
    )
    heads = []
    for tag, text in (("title", title), ("desc", description)):
        head = ET.Element(tag, {"id": f"{name}-{'title' if tag == 'title' else 'description'}"})
        head.text = terminal.printable(text)
        heads.append(head)
    root[:0] = heads
    return ET.tostring(root, encoding="unicode")


def _local(name: str) -> str:
    """A name without its namespace, which HTML does not need."""
    return name.rpartition("}")[2]


def _plain(element: ET.Element) -> None:
    """Names without namespaces, attributes for styles, short numbers, no blanks between."""
    element.tag = _local(element.tag)
    attributes = {_local(key): value for key, value in element.attrib.items()}
    attributes |= _attributes_of_style(attributes.pop("style", ""))
    element.attrib.clear()
    for key, value in attributes.items():
        short = _short(value) if key in _NUMBERS else value
        if short:
            element.set(key, short)
    if element.tag not in ("text", "tspan"):
        element.text = None
    element.tail = None
    for child in list(element):
        if _local(child.tag) in _DROPPED:
            element.remove(child)
        else:
            _plain(child)


def _attributes_of_style(style: str) -> dict[str, str]:
    """CSS declarations as presentation attributes, colours of the palette as classes."""
    attributes: dict[str, str] = {}
    classes: list[str] = []
    for declaration in style.split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        colour = painted(value)
        if not key or key in _UNWANTED or (key, value) == ("text-anchor", "start"):
            continue
        if key in ("fill", "stroke") and colour is not None:
            classes.append(f"{key[0]}-{colour}")
        else:
            attributes[key] = value.removesuffix("px")
    if classes:
        attributes["class"] = " ".join(classes)
    return attributes


def _short(value: str) -> str:
    """Numbers with one place, rectangles by their sides, no rotation by nothing."""
    value = " ".join(_NO_TURN.sub("", value).split())
    value = _DECIMAL.sub(lambda found: f"{float(found.group()):.1f}".removesuffix(".0"), value)
    return _RECTANGLE.sub(r"M\g<x> \g<y>H\g<right>V\g<bottom>H\g<x>z", value)


def _without_ids(root: ET.Element, name: str) -> None:
    """Ids that nothing refers to go; the others are numbered below the figure's name."""
    wanted: dict[str, str] = {}
    for element in root.iter():
        for key, value in element.attrib.items():
            found = _REFERENCE.search(value)
            if found and (key == "href" or value.startswith("url(")):
                old = found[1] or found[2]
                new = wanted.setdefault(old, f"{name}-{len(wanted)}")
                element.set(key, value.replace("#" + old, "#" + new))
    for element in root.iter():
        old_id = element.attrib.pop("id", None)
        if old_id in wanted:
            element.set("id", wanted[old_id])


def _unwrapped(element: ET.Element) -> None:
    """Groups that say nothing give way to what is in them."""
    children: list[ET.Element] = []
    for child in element:
        _unwrapped(child)
        if child.tag in ("g", "defs") and not child.attrib and (child.tag == "g" or not len(child)):
            children += list(child)
        else:
            children.append(child)
    element[:] = children
