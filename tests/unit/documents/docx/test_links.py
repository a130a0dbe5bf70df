"""Addresses that a document may lead to, and the names of headings."""

from __future__ import annotations

import pytest

from techne.documents.docx.links import Anchors, is_web_address
from techne.documents.docx.parsing import parse_markdown


@pytest.mark.parametrize(
    "url",
    [
        "http://e.com",
        "https://e.com:8080/a?b=c#d",
        "HTTPS://E.COM",
        "http://localhost",
        "http://127.0.0.1:11434/api",
        "http://[::1]:80/",
        "https://user@e.com/",
        "https://xn--caf-dma.example/caf%C3%A9",
        "https://a_b.example/",
        "mailto:a@e.com",
        "mailto:a+b@e.com?subject=x%20y",
    ],
)
def test_web_and_mail_addresses_may_leave_the_document(url: str) -> None:
    assert is_web_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x.md",
        "//e.com",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://e.com",
        "data:text/html,x",
        "http://",
        "http:///path",
        "https://../",
        "https://a..b/",
        "http://e.com:port/",
        "http://e.com:99999/",
        "http://[::1/",
        "http://a b.com/",
        "mailto:",
        "mailto:nobody",
        "mailto:a@",
        f"https://e.com/{'a' * 2000}",
    ],
)
def test_nothing_else_may(url: str) -> None:
    assert not is_web_address(url)


def test_headings_are_named_as_github_names_them() -> None:
    source = "# Olá, Mundo!\n\n# olá mundo\n\n# A & `B_c` - *d*\n\n# 1.2 é\n\n# \n"
    anchors = Anchors()
    for heading in parse_markdown(source).blocks:
        anchors.add(heading)
    names = ["olá-mundo", "olá-mundo-1", "a--b_c---d", "12-é", "ol%C3%A1-mundo", "OLÁ-Mundo", "nada"]
    found = [anchors.bookmark(name) for name in names]
    assert len(set(found[:4])) == 4
    assert found[4] == found[5] == found[0]
    assert found[6] is None
