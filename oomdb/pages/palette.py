"""The colours of pages, by name, for light and for dark.

In SVG they are classes: `f-NAME` fills, `s-NAME` strokes; in HTML `swatch f-NAME` is a
patch of the colour.
Text stands on `ground` and `surface` in `ink`, `muted`, `link`, `bad`, `warn` or `good`,
each with a contrast of at least 4.5 to 1; so does `on-fill` on the fills of bars.
"""

from __future__ import annotations

#: name: (light, dark)
COLOURS = {
    "ground": ("#ffffff", "#10151b"),
    "surface": ("#f4f6f8", "#19202a"),
    "line": ("#cfd6dd", "#35404c"),
    "ink": ("#1a2027", "#e8edf2"),
    "muted": ("#55606b", "#a3b0bd"),
    "link": ("#0a54b8", "#84bcff"),
    "bad": ("#b01c12", "#ff9186"),
    "warn": ("#7d4e00", "#f0bd5a"),
    "good": ("#13692d", "#6ad58c"),
    "mark": ("#fff1b8", "#4a3d0d"),
    "on-fill": ("#ffffff", "#0b0f14"),
    # Zones.
    "free": ("#2e74c9", "#6fabf5"),
    "refused": ("#c8291d", "#ff8579"),
    "granted": ("#1f7d3c", "#5fcd83"),
    "min": ("#5d6a77", "#8e9dac"),
    "reserve": ("#a86500", "#e6a93f"),
    "low": ("#a9b5c0", "#566472"),
    "high": ("#cdd5dc", "#3d4955"),
    # Processes.
    "bar": ("#3d6fb0", "#7fb0ee"),
    "victim": ("#b8251a", "#ff8579"),
    "rest": ("#6b7682", "#94a1ae"),
    # Parts of the memory.
    "anon": ("#2f68bf", "#74aaf3"),
    "shmem": ("#7446b8", "#b697f2"),
    "file": ("#12717f", "#56bfcd"),
    "locked": ("#59692a", "#a9bd6b"),
    "slab": ("#985800", "#e0a24a"),
    "tables": ("#b5372c", "#f58d82"),
    "kernel": ("#7a5a4c", "#c9a392"),
    "huge": ("#a1337b", "#ee8ccb"),
    "compressed": ("#45607a", "#91b3d3"),
    "outside": ("#6d5f00", "#cdbd4a"),
    "spare": ("#22783f", "#64cb86"),
    "reserved": ("#626d78", "#98a5b2"),
    "unknown": ("#39424b", "#c3ccd4"),
    # Shares of a whole, rising.
    "heat-1": ("#e3edf8", "#1d2f44"),
    "heat-2": ("#bdd7f1", "#284665"),
    "heat-3": ("#86b5e4", "#2f567f"),
    "heat-4": ("#4e91d6", "#3a6ea3"),
}

_NAMES = {name: f"#0a0b{number:02x}" for number, name in enumerate(COLOURS)}
_BY_VALUE = {value: name for name, value in _NAMES.items()}


def paint(name: str) -> str:
    """A stand-in that a plotting library takes for the colour `name`; KeyError for no name."""
    return _NAMES[name]


def painted(value: str) -> str | None:
    """The name of the colour that `value` stands in for; None for any other value."""
    return _BY_VALUE.get(value.lower())


def style_rules() -> str:
    """The colours as CSS variables for both schemes, and the classes that use them."""
    light, dark = (
        "".join(f"--{name}:{values[scheme]};" for name, values in COLOURS.items())
        for scheme in (0, 1)
    )
    classes = "".join(
        f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}"
        f".swatch.f-{name}{{background-color:var(--{name})}}"
        for name in COLOURS
    )
    # Paper is white.
    schemes = f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f":root{{{light}}}\n{schemes}\n{classes}\n"
