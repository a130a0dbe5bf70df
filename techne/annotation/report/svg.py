"""SVG elements as escaped markup."""

from __future__ import annotations

from markupsafe import Markup, escape


def element(tag: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """An element; text and attributes are escaped, markup among the children stays.

    Args:
        tag: Its name.
        children: Text or markup.
        attributes: `class_` is class, `stroke_width` is stroke-width; numbers are rounded to hundredths; what
            is None is left out.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{tag}{written}>{Markup('').join(children)}</{tag}>")  # noqa: S704


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
