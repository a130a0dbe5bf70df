"""`python -m techne.documents.docx`: a Markdown file becomes a Word document, or is refused in one line."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from docx import Document

from techne.documents.docx import docx_headings
from techne.documents.docx.__main__ import main
from tests.support.pictures import png


def test_a_file_is_converted_with_its_pictures_and_what_was_lost_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "in.md", tmp_path / "out.docx"
    (tmp_path / "a.png").write_bytes(png(8, 8))
    source.write_bytes("\ufeff# Título\r\n\r\n![a](a.png)\r\n\r\n[b](b.md)\r\n".encode())
    assert main([str(source), str(target), "--language", "pt-BR", "--author", "Ana"]) == 0
    assert docx_headings(target.read_bytes()) == ["Título"]
    document = Document(str(target))
    assert len(document.inline_shapes) == 1
    assert document.core_properties.author == "Ana"
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        f"{source}: line 5: the link to 'b.md' became text: "
        "only web and mail addresses and headings can be linked to"
    ]


def test_the_default_template_is_a_template_to_start_from(tmp_path: Path) -> None:
    source, template, target = tmp_path / "in.md", tmp_path / "company.docx", tmp_path / "out.docx"
    source.write_text("# T\n\nx\n")
    assert main(["--write-template", str(template)]) == 0
    assert main([str(source), str(target), "--template", str(template)]) == 0
    assert "T" in docx_headings(target.read_bytes())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a Markdown file and a DOCX file"),
        (["none.md", "out.docx"], "none.md can't be read: No such file"),
        (["latin.md", "out.docx"], "latin.md is not UTF-8: byte 2 can't be read. Save it as UTF-8."),
        (["in.md", "no-folder/out.docx"], "out.docx can't be written"),
        (["in.md", "out.docx", "--template", "in.md"], "in.md"),
        (["in.md", "out.docx", "--template", "none.docx"], "none.docx can't be read"),
    ],
)
def test_what_can_not_be_done_is_said_and_nothing_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.md").write_text("x")
    Path("latin.md").write_bytes("ol\xe1".encode("latin-1"))
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert not Path("out.docx").exists()


def test_standard_input_is_read_by_the_module(tmp_path: Path) -> None:
    target = tmp_path / "out.docx"
    subprocess.run(
        [sys.executable, "-m", "techne.documents.docx", "-", str(target)],
        input=b"# A\n\ntexto ![x](x.png)",
        check=True,
        timeout=60,
        capture_output=True,
    )
    assert Document(io.BytesIO(target.read_bytes())).paragraphs[-1].text == "texto x"
