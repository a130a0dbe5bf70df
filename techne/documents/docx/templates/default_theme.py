"""The theme of the default template: its colours, by which Word's own palette offers them, and its fonts.

ECMA-376 part 1, 20.1.6 and 14.2.7.
"""

from __future__ import annotations

from typing import Final

from techne.documents.docx.templates.look import ACCENT, INK, LINK

_FONT = "Calibri"
_COLOURS = {
    "dk2": INK,
    "lt2": "EEF1F5",
    "accent1": ACCENT,
    "accent2": "2C7A68",
    "accent3": "A86400",
    "accent4": "7A2A8F",
    "accent5": "A32626",
    "accent6": "59616E",
    "hlink": LINK,
    "folHlink": "6B3FA0",
}
_FILL = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
_LINES = "".join(
    f'<a:ln w="{width}">{_FILL}<a:prstDash val="solid"/></a:ln>' for width in (6350, 12700, 19050)
)
_EFFECT = "<a:effectStyle><a:effectLst/></a:effectStyle>"
_FONTS = f'<a:latin typeface="{_FONT}"/><a:ea typeface=""/><a:cs typeface=""/>'

THEME_XML: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Techne"><a:themeElements>'
    '<a:clrScheme name="Techne"><a:dk1><a:sysClr val="windowText" lastClr="000000"/></a:dk1>'
    '<a:lt1><a:sysClr val="window" lastClr="FFFFFF"/></a:lt1>'
    + "".join(f'<a:{name}><a:srgbClr val="{value}"/></a:{name}>' for name, value in _COLOURS.items())
    + f'</a:clrScheme><a:fontScheme name="Techne"><a:majorFont>{_FONTS}</a:majorFont>'
    f'<a:minorFont>{_FONTS}</a:minorFont></a:fontScheme><a:fmtScheme name="Techne">'
    f"<a:fillStyleLst>{_FILL * 3}</a:fillStyleLst><a:lnStyleLst>{_LINES}</a:lnStyleLst>"
    f"<a:effectStyleLst>{_EFFECT * 3}</a:effectStyleLst><a:bgFillStyleLst>{_FILL * 3}</a:bgFillStyleLst>"
    "</a:fmtScheme></a:themeElements></a:theme>"
)
