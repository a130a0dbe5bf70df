"""What is left of a few turns once the speakers' corrections are resolved."""

from techne.documents.engines.extractive.corrections import Utterance, resolve
from techne.documents.engines.extractive.lexicon import lexicon_for
from techne.documents.engines.extractive.sentences import sentences_of
from techne.transcripts.model import Turn


def utterances(language: str, *said: str) -> list[Utterance]:
    """The utterances of turns by alternating speakers."""
    turns = [
        Turn(id=f"t{n:04d}", speaker=f"spk_{n % 2}", start_seconds=n * 10, end_seconds=n * 10 + 9, text=text)
        for n, text in enumerate(said, 1)
    ]
    lexicon = lexicon_for(language)
    return resolve(sentences_of(turns, lexicon), lexicon, language)


def resolved(language: str, *said: str) -> str:
    """The text that is left."""
    return " ".join(utterance.text for utterance in utterances(language, *said))


def quoted(language: str, *said: str) -> str:
    """What would be shown as evidence."""
    return " ".join(source.text for utterance in utterances(language, *said) for source in utterance.sources)
