"""A transcript, normalised once, in which literals are looked up."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from techne.documents.grounding.spoken import Atom, read_atoms
from techne.transcripts.model import Transcript

_SEED = 4
_CODE_DIGITS = 3
_URL = re.compile(r"(?:https?://|mailto:)[^\s<>\"'`]+", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CLOSING = ".,;:!?)]}…"


def spoken_urls(transcript: Transcript) -> frozenset[str]:
    """The addresses that occur literally in the transcript, e-mail addresses as `mailto:`."""
    found: set[str] = set()
    for turn in transcript.turns:
        found.update(match.group().rstrip(_CLOSING) for match in _URL.finditer(turn.text))
        found.update(f"mailto:{match.group()}" for match in _ADDRESS.finditer(turn.text))
    return frozenset(found)


class _Stream:
    """Atoms written one after the other without a space, searched only at their boundaries.

    So `kubectl` is found in "kube ctl" and NFe in "n f e", but `api` is not found in "rapid".
    """

    def __init__(self, atoms: Sequence[str]) -> None:
        self._text = "".join(atoms)
        self._starts: list[int] = []
        position = 0
        for atom in atoms:
            self._starts.append(position)
            position += len(atom)
        self._order = {start: order for order, start in enumerate(self._starts)}
        self._boundaries = {*self._starts, position}
        self._seeds: defaultdict[str, list[int]] = defaultdict(list)
        for start in self._starts:
            for length in range(1, _SEED):
                if start + length in self._boundaries:
                    self._seeds[self._text[start : start + length]].append(start)
            seed = self._text[start : start + _SEED]
            if len(seed) == _SEED:
                self._seeds[seed].append(start)

    def contains(self, literal: str) -> bool:
        return next(self._ends(literal), None) is not None

    def contains_in_order(self, parts: Sequence[str], *, gap: int) -> bool:
        """Whether the parts follow one another with at most `gap` other atoms between two of them."""
        return any(self._continues(end, parts[1:], gap) for end in self._ends(parts[0]))

    def _ends(self, literal: str) -> Iterator[int]:
        for start in self._seeds.get(literal[:_SEED], ()):
            end = start + len(literal)
            if end in self._boundaries and self._text.startswith(literal, start):
                yield end

    def _continues(self, position: int, parts: Sequence[str], gap: int) -> bool:
        for part in parts:
            order = self._order.get(position, len(self._starts))
            for start in self._starts[order : order + gap + 1]:
                end = start + len(part)
                if end in self._boundaries and self._text.startswith(part, start):
                    position = end
                    break
            else:
                return False
        return True


class TranscriptIndex:
    """What was said, ready for look-up; building it is linear in the transcript.

    Args:
        transcript: The transcript as read, before cleaning: what cleaning dropped was said as well.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.language = transcript.language
        atoms: list[Atom] = []
        for turn in transcript.turns:
            atoms.extend(read_atoms(turn.text, transcript.language))
        for speaker in transcript.speakers:
            atoms.extend(read_atoms(speaker, transcript.language))
        self._all = _Stream([atom.text for atom in atoms])
        self._unsigned = _Stream([atom.text for atom in atoms if atom.kind != "sign"])
        self._numbers = {reading for atom in atoms for reading in atom.readings}
        # Digits inside a name count only where they are long enough to be a code, as in HTTP502.
        self._numbers |= {atom.text for atom in atoms if not atom.alone and len(atom.text) >= _CODE_DIGITS}

    def has_number(self, value: str) -> bool:
        """Whether the number, as `digits_of` writes it, was said as a number of its own."""
        return value in self._numbers

    def has_phrase(self, literal: str) -> bool:
        """Whether the words and numbers of the literal were said one after the other."""
        return any(atoms and stream.contains("".join(atoms)) for atoms, stream in self._views(literal))

    def has_sequence(self, literal: str, *, gap: int) -> bool:
        """Whether the space-separated parts of the literal were said in order, with few words between."""
        for signs, stream in ((True, self._all), (False, self._unsigned)):
            parts = [
                "".join(atom.text for atom in read_atoms(word, self.language) if signs or atom.kind != "sign")
                for word in literal.split()
            ]
            parts = [part for part in parts if part]
            if parts and stream.contains_in_order(parts, gap=gap):
                return True
        return False

    def _views(self, literal: str) -> Iterator[tuple[list[str], _Stream]]:
        atoms = read_atoms(literal, self.language)
        yield [atom.text for atom in atoms if atom.kind != "sign"], self._unsigned
        yield [atom.text for atom in atoms], self._all
