"""URLs that are secrets behind their host, as those of webhooks are."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

#: What stands for the secret part.
_HIDDEN = "..."
_URL = re.compile(r"https?://", re.IGNORECASE)
#: A shorter part of a URL is no secret, and may be a part of any word.
_LEAST_SECRET = 4


def shown(text: str) -> str:
    """Of a URL its scheme and host alone; any other text as it is."""
    scheme = _URL.match(text)
    if scheme is None:
        return text
    try:
        host = urlsplit(text).hostname or ""
    except ValueError:
        host = ""
    return f"{scheme[0].lower()}{host}/{_HIDDEN}"


def parts(url: str) -> list[str]:
    """What of the URL nobody may see, the longest first: path, query, each of their values."""
    told = urlsplit(url)
    values = [value for pair in parse_qsl(told.query) for value in pair[1:]]
    raw = [one.partition("=")[2] for one in told.query.split("&")]
    whole = [f"{told.path}?{told.query}", told.path, told.query, told.fragment]
    found = {*whole, *values, *raw, *told.path.split("/"), told.username or "", told.password or ""}
    found |= {unquote(one) for one in found}
    return sorted((one for one in found if len(one) >= _LEAST_SECRET), key=len, reverse=True)


def without(hidden: list[str], text: str, most: int) -> str:
    """The first `most` characters of a text, without the `parts` of a URL that begin in them.

    To hide those whole, the text has to go on beyond by the length of the longest.
    """
    if not hidden:
        return text[:most]
    kept, at = "", 0
    for found in re.finditer("|".join(map(re.escape, hidden)), text):
        if found.start() >= most:
            break
        kept += text[at : found.start()] + _HIDDEN
        at = found.end()
    return kept + text[at:most]
