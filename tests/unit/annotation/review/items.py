"""Items of a queue for tests, hostile ones among them."""

from __future__ import annotations

from techne.annotation.labels import Label, LabelKind, LabelSet
from techne.annotation.review import ReviewItem

HOSTILE_NAMES = (
    'yes & <no>"',
    "$text",
    "a\tb\x02",
    "]]>&amp;",
    "=cmd|calc",
    "skip",
)
"""Names of labels: markup, entities, variables, what XML can't hold, formulas, words of ours."""
HOSTILE_TEXT = (
    "<script>alert('1')</script>\n# heading [x](javascript:alert(1)) ![i](http://e.vil/i.png) | cell | `code`"
    '\x00\x07\x1b[31m ]]> &amp; &lt; "quoted" {{ 7 * 7 }} \u202egnp.exe $text \U0001f600'
)


def label_set(kind: LabelKind = "single", names: tuple[str, ...] = ("no", "maybe", "yes")) -> LabelSet:
    """A label set with a question and descriptions."""
    labels = tuple(Label(name=name, description=f"It says {name}.") for name in names)
    return LabelSet(kind=kind, question='Is it <b>"so"</b> & $why?', labels=labels)


def hostile_set(kind: LabelKind = "single") -> LabelSet:
    """A label set whose names mean something to one tool or another."""
    return label_set(kind, HOSTILE_NAMES)


def decided(item_id: str, labels: LabelSet, text: str = "A text.") -> ReviewItem:
    """An item with a consensus: the first label."""
    first, second = labels.names[:2]
    return ReviewItem(
        id=item_id,
        text=text,
        votes={"m/1": (first,), "m/2": (first,), "m/3": (second,)},
        posterior={name: {first: 0.7, second: 0.3}.get(name, 0.0) for name in labels.names},
        margin=0.4,
        consensus=(first,),
    )


def tied(item_id: str, labels: LabelSet, text: str = "A text.") -> ReviewItem:
    """An item that two labels share."""
    first, second = labels.names[:2]
    return ReviewItem(
        id=item_id,
        text=text,
        votes={"m/1": (first,), "m/2": (second,)},
        posterior={name: 0.5 if name in (first, second) else 0.0 for name in labels.names},
        margin=0.0,
        consensus=None,
        tied=(first, second),
    )


def unvoted(item_id: str) -> ReviewItem:
    """An item that nobody answered, and whose text is not known."""
    return ReviewItem(id=item_id, text="", votes={}, posterior={}, margin=None, consensus=None)
