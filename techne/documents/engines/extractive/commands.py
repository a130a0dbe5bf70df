"""Finds commands: a program and the arguments that follow it, up to where talk resumes."""

from __future__ import annotations

from collections.abc import Sequence

from techne.documents.engines.extractive.code_look import is_typed_looking
from techne.documents.engines.extractive.code_spelling import (
    CMDLET,
    glued,
    is_option,
    spell_command,
)
from techne.documents.engines.extractive.command_extent import (
    arguments_end,
    end_before_talk,
    end_of_plain_words,
    sign_at,
)
from techne.documents.engines.extractive.command_frames import (
    is_named,
    is_told,
    is_typed,
)
from techne.documents.engines.extractive.console_commands import find_console_command
from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.program_names import program_name
from techne.documents.engines.extractive.programs import (
    BARE_SUBCOMMANDS,
    HIDDEN_FILES,
    HYPHENATED_OPTIONS,
    LONG_OPTIONS,
    ORDINARY_PROGRAMS,
    SUBCOMMANDS,
)
from techne.documents.engines.extractive.spoken_signs import Piece


def find_command(
    pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon
) -> tuple[str, int] | None:
    """The command that begins at the piece, as typed, and the position after it."""
    console = find_console_command(pieces, position, sentence)
    if console is not None:
        return console
    head = program_name(pieces, position, sentence, lexicon)
    if head == 0:
        return None
    first = pieces[position]
    begin = position + head
    end = arguments_end(pieces, begin, sentence)
    if end == begin:
        return None
    arguments = pieces[begin:end]
    if head == 1 and _is_hyphenated_name(first, arguments) and not is_told(sentence, first.start, lexicon):
        return None
    if arguments[0].sign == "." and not _names_path(arguments):
        return None
    program = glued(pieces[position:begin])
    program = program if CMDLET.fullmatch(program) else fold(program)
    if program in BARE_SUBCOMMANDS:
        program = "terraform"
    subcommand = arguments[0].folded in SUBCOMMANDS.get(program, frozenset())
    certain = any(
        piece.sign or (is_typed_looking(piece.text) and not (piece.text.isalpha() and piece.text.isupper()))
        for piece in arguments
    )
    told = is_told(sentence, first.start, lexicon)
    typed = is_typed(sentence, first.start, lexicon)
    sure_start = arguments[0].sign or is_typed_looking(arguments[0].text)
    plain = first.folded == "net" and told and subcommand
    if (
        first.folded in ORDINARY_PROGRAMS
        and not typed
        and not plain
        and not (certain and (told or sure_start))
    ):
        return None
    alone = not sentence[: first.start].strip() and end == len(pieces) and first.text[0].islower()
    if not (certain or subcommand or told or alone):
        return None
    if not certain and not alone and not typed:
        # Without a sign the words of talk can't be told from arguments: keep what is surely typed.
        end = min(end, begin + ((4 if told else 3) if subcommand else 2))
        end = end_of_plain_words(pieces, begin, end, lexicon)
    elif certain and not is_named(sentence, first.start) and not alone:
        end = end_before_talk(pieces, begin, end, lexicon, program)
    if end == begin:
        return None
    text = spell_command(pieces[position:end], head, program)
    if first.text[0].isupper() and first.text[1:].islower() and not CMDLET.fullmatch(program):
        text = text[0].lower() + text[1:]  # only because it begins the sentence
    return text, end


def _is_hyphenated_name(first: Piece, arguments: Sequence[Piece]) -> bool:
    """Whether a dash and a long word follow a program whose options are letters: "ng dash apps" is a name."""
    word = arguments[1].text if len(arguments) > 1 and arguments[0].sign == "-" else ""
    long_options = LONG_OPTIONS | HYPHENATED_OPTIONS | BARE_SUBCOMMANDS
    return len(word) > 3 and word.isalpha() and word.islower() and first.folded not in long_options


def _names_path(arguments: Sequence[Piece]) -> bool:
    """Whether a dot begins a path or a hidden file, not the second part of a dotted name."""
    return sign_at(arguments, 1) == "/" or (len(arguments) > 1 and arguments[1].folded in HIDDEN_FILES)


def find_options(
    pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon
) -> tuple[str, int] | None:
    """Options told without their program, with their values: at least two, or one with signs inside."""
    first = pieces[position]
    if first.sign not in {" --", "-"} or position + 1 >= len(pieces) or pieces[position + 1].sign:
        return None
    if first.sign == "-" and sign_at(pieces, position - 1):
        return None
    end = arguments_end(pieces, position, sentence)
    end = end_before_talk(pieces, position, end, lexicon)
    run = pieces[position:end]
    options = sum(
        piece.sign == " --" or (piece.sign == "-" and is_option(run, index))
        for index, piece in enumerate(run)
    )
    if not any(piece.sign == " --" for piece in run) or not (options > 1 or _has_value(run)):
        return None
    return spell_command(run, 0, ""), end


def _has_value(run: Sequence[Piece]) -> bool:
    """Whether a value with signs inside follows the only option: `--delete-config cleanup.policy`."""
    apart = [index for index in range(1, len(run)) if not run[index - 1].sign and not run[index].sign]
    return len(apart) == 1 and any(piece.sign in {".", ":", "=", "/", "_"} for piece in run[apart[0] :])
