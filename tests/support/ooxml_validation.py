"""Two outside judges of a DOCX file: Microsoft's Open XML SDK, by way of npm, and openxml-audit (S1-13).

The SDK knows the schemas, Word's extensions too, and most rules between parts; openxml-audit has its own
reading of them and looks for what Word itself would refuse. Neither is right alone: a file is valid if both
find nothing. Whether it looks well is asked elsewhere (`tests.support.pages`).

    python -m tests.support.ooxml_validation a.docx b.docx
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import openxml_audit

FOLDER = Path(__file__).resolve().parents[1] / "ooxml"
VALIDATOR = FOLDER / "node_modules" / "@xarsh" / "ooxml-validator"
START_SECONDS = 60
FILE_SECONDS = 30
"""What a file may take on a starved machine; it takes half a second on an idle one."""
OUTSIDE = "Sec_ExternalRelationship"
"""openxml-audit's word for anything that a document names outside itself."""
OPENABLE = ("http://", "https://", "mailto:")


@dataclass(frozen=True, slots=True)
class ValidationError:
    """One thing that a judge found.

    Attributes:
        kind: What sort of rule is broken, in the judge's words; the SDK's `Exception`: it can't be read.
        description: The judge's sentence.
        part: Part of the package, such as `/word/document.xml`, if it is about one.
        place: XPath of the element, if it is about one.
    """

    kind: str
    description: str
    part: str = ""
    place: str = ""

    def __str__(self) -> str:
        return f"{self.part}{self.place} [{self.kind}] {self.description}".strip()


def available() -> bool:
    """Whether the Open XML SDK can be asked; `make test` installs it where npm is."""
    return shutil.which("node") is not None and VALIDATOR.exists()


def validate_files(paths: Sequence[Path]) -> dict[Path, list[ValidationError]]:
    """What the Open XML SDK finds in each file, by the rules of Microsoft 365.

    A file takes half a second of a core; they are taken by as many cores as there are.

    Raises:
        RuntimeError: The validator itself can't be run; the message is what it said.
    """
    done = subprocess.run(
        ["node", FOLDER / "validate.mjs"],
        input=json.dumps([str(path) for path in paths]),
        capture_output=True,
        text=True,
        timeout=START_SECONDS + FILE_SECONDS * len(paths),
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The Open XML SDK's validator failed: {done.stderr}")
    answers = (json.loads(line) for line in done.stdout.splitlines())
    found = {answer["file"]: [_from_sdk(error) for error in answer["errors"]] for answer in answers}
    return {path: found[str(path)] for path in paths}


def audit_files(paths: Sequence[Path]) -> dict[Path, list[ValidationError]]:
    """What openxml-audit finds in each file, by the rules of Microsoft 365, warnings too.

    A file takes about 0.2 seconds. Links to the web and to mail addresses are no findings.
    """
    return {
        path: [_from_audit(error) for error in _audit(path) if not _is_link(error, path)] for path in paths
    }


def _from_sdk(error: dict[str, str | None]) -> ValidationError:
    return ValidationError(
        kind=error["errorType"] or "",
        description=error["description"] or "",
        part=error["path"] or "",
        place=error["xPath"] or "",
    )


def _audit(path: Path) -> list[openxml_audit.ValidationError]:
    # One for each file: what it has read of a package it keeps by an address that a later package may get.
    rules = openxml_audit.FileFormat.MICROSOFT_365
    auditor = openxml_audit.OpenXmlValidator(rules, max_errors=0, security_validation=True, strict=True)
    found: list[openxml_audit.ValidationError] = auditor.validate(path).errors
    return found


def _is_link(error: openxml_audit.ValidationError, document: Path) -> bool:
    """Whether it is about a link to the web, and not about what Word would fetch, such as a template."""
    if error.id != OUTSIDE:
        return False
    with zipfile.ZipFile(document) as package:
        relations = ElementTree.fromstring(package.read(error.part_uri.removeprefix("/")))
    relation = next(relation for relation in relations if relation.get("Id") == error.related_node)
    is_link = relation.get("Type", "").endswith("/hyperlink")
    return is_link and relation.get("Target", "").lower().startswith(OPENABLE)


def _from_audit(error: openxml_audit.ValidationError) -> ValidationError:
    return ValidationError(error.error_type.value, error.description, error.part_uri, error.path)


def main() -> int:
    """Print what both judges find in the named files; 1 if they find anything."""
    paths = [Path(name) for name in sys.argv[1:]]
    findings = [(path, error) for path, errors in audit_files(paths).items() for error in errors]
    if available():
        findings += [(path, error) for path, errors in validate_files(paths).items() for error in errors]
    for path, error in findings:
        print(f"{path}: {error}")
    print(f"{len(paths)} files, {len(findings)} errors{'' if available() else ' (without the Open XML SDK)'}")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
