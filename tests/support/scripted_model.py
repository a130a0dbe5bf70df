"""A plausible model for all four stages, computed from the prompt: no network, no weights, no chance.

It reads the data between the prompt's delimiters as a model would and answers valid JSON or Markdown, the
same for the same request in any process. It keeps to the token limit (four characters a token): an answer
that exceeds it is cut there, and a request with the beginning of an answer gets the rest.

With the loopback servers, also in a process of their own:

    BedrockServer(scripted_model.respond)
    python -m tests.loopback.bedrock --responder tests.support.scripted_model:respond
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.loopback import RecordedRequest, Reply

CHARACTERS_PER_TOKEN = 4
_CHARACTERS_PER_ITEM = 1300
"""Of speech; a training's density, so that three hours make about a hundred items."""
_FEWEST_ITEMS = 6
_MOST_QUOTED_WORDS = 14
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")
_TURN = re.compile(r"^(t\d{4,})(?: [^:]*)?: (.*)$")
_ITEM = re.compile(r"^(i\d{3,}) (\w+)(?: (p\d+))?: (.*)$")
_CODE = re.compile(
    r"\b(?:kubectl|docker|systemctl|journalctl|helm|psql|redis-cli|curl|git|aws)\b(?: [^\s.,;!?]+){1,4}"
)
_CUES = {
    "command": _CODE.pattern,
    "error": r"erro|falha|falhou|quebr|caiu|error|fail|crash|exception|timed? out|oom|502|503|stuck|travad",
    "diagnostic": r"verific|investig|diagn|olh[ea]|\blogs?\b|check|look at|inspect|confirm",
    "solution": r"resolv|solu|corrig|reinici|aument|fix|restart|rollback|raise|repair",
    "prevention": r"evit|preven|alert|monitor|avoid|before every|antes de cada",
    "configuration": r"configur|variável|parâmetro|ajust|setting|variable|parameter|valor|\bset\b",
    "risk": r"risco|cuidado|perig|nunca|risk|careful|danger|never",
    "rule": r"regra|política|sempre|obrigat|deve\b|rule|policy|always|must|only",
}


def respond(request: RecordedRequest) -> Reply:
    """The answer as a loopback server gives it."""
    question = next((text for role, text in request.messages if role == "user"), "")
    beginning = next((text for role, text in request.messages if role == "assistant"), None)
    text, cut = answer(question, beginning=beginning, max_tokens=request.max_tokens)
    return Reply(text, finish="length" if cut else "stop")


def answer(question: str, *, beginning: str | None = None, max_tokens: int | None = None) -> tuple[str, bool]:
    """The answer to the user part of a prompt, and whether it was cut at `max_tokens`."""
    whole = _whole_answer(question)
    if beginning is not None and whole.startswith(beginning):
        whole = whole[len(beginning) :]
    limit = max_tokens * CHARACTERS_PER_TOKEN if max_tokens else len(whole)
    return whole[:limit], len(whole) > limit


def data(question: str, name: str) -> list[str]:
    """The lines between a prompt's delimiters `<name>` and `</name>`."""
    match = re.search(rf"^<{name}>\n(.*?)^</{name}>$", question, re.DOTALL | re.MULTILINE)
    return [line for line in match[1].splitlines() if line.strip()] if match else []


def _whole_answer(question: str) -> str:
    if "<recording>" in question:
        return _json({"items": _extracted(data(question, "recording"), question)})
    if "<errors>" in question:
        return _json({"problems": _mapped(data(question, "errors"), data(question, "candidates"))})
    if "<section>" in question:
        return _written(data(question, "section"))
    return _json(_outlined(data(question, "items")))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _extracted(lines: Iterable[str], question: str) -> list[dict[str, str]]:
    wanted = re.search(r"(?:Extract these kinds|Extraia estes tipos): ([\w, ]+)", question)
    kinds = set(wanted[1].split(", ")) if wanted else set(_CUES)
    found: list[dict[str, str]] = []
    said = 0
    for turn_id, text in (match.groups() for line in lines if (match := _TURN.match(line))):
        said += len(text)
        for sentence in (one.strip() for one in _SENTENCE.findall(text)):
            words = sentence.split()
            kind = next((k for k, cue in _CUES.items() if re.search(cue, sentence, re.IGNORECASE)), None)
            if kind not in kinds or len(words) < 4:
                continue
            item = {
                "kind": kind,
                "text": sentence[:1].upper() + sentence[1:],
                "turn": turn_id,
                "quote": " ".join(words[:_MOST_QUOTED_WORDS]),
            }
            if kind == "command" and (code := _CODE.search(sentence)):
                item["code"] = code[0].strip()
            found.append(item)
    return _varied(found, max(_FEWEST_ITEMS, said // _CHARACTERS_PER_ITEM))


def _varied(found: list[dict[str, str]], most: int) -> list[dict[str, str]]:
    """At most so many, the first of every kind before the second of any, in the order of the recording."""
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, int]] = []
    for position, item in enumerate(found):
        ranked.append((seen[item["kind"]], position))
        seen[item["kind"]] += 1
    return [found[position] for position in sorted(position for _, position in sorted(ranked)[:most])]


@dataclass(frozen=True, slots=True)
class _Line:
    id: str
    kind: str
    problem: str
    text: str
    code: str

    @classmethod
    def read(cls, lines: Iterable[str]) -> list[_Line]:
        read: list[_Line] = []
        for match in filter(None, map(_ITEM.match, lines)):
            text, _, code = match[4].partition(" | ")
            read.append(cls(match[1], match[2], match[3] or "", text, code))
        return read


def _mapped(errors: Iterable[str], candidates: Iterable[str]) -> list[dict[str, object]]:
    parts = {
        "debugging": {"diagnostic"},
        "solutions": {"solution", "command", "configuration"},
        "prevention": {"prevention", "rule", "risk"},
    }
    offered = _Line.read(candidates)
    problems: list[dict[str, object]] = []
    for error in _Line.read(errors):
        later = [line for line in offered if line.id > error.id]
        problem: dict[str, object] = {"title": " ".join(error.text.split()[:8]), "errors": [error.id]}
        for part, kinds in parts.items():
            fitting = [line for line in later if line.kind in kinds][:2]
            problem[part] = [line.id for line in fitting]
        problems.append(problem)
    return problems


def _outlined(lines: Iterable[str]) -> dict[str, object]:
    items = _Line.read(lines)
    size = max(2, -(-len(items) // 9))
    groups = [items[start : start + size] for start in range(0, len(items), size)]
    main = [line for line in items if line.kind in {"error", "solution", "section"}][:3] or items[:1]
    return {
        "title": " ".join(items[0].text.split()[:8]) if items else "",
        "summary": [{"text": line.text, "items": [line.id]} for line in main],
        "sections": [
            {
                "title": f"{' '.join(group[0].text.split()[:5])} ({group[0].id})",
                "purpose": f"{len(group)} items.",
                "items": [line.id for line in group],
            }
            for group in groups
        ],
    }


def _written(lines: Iterable[str]) -> str:
    blocks: list[str] = []
    for line in lines:
        if re.match(r"p\d+ ", line):
            blocks.append(f"### {line.partition(' ')[2]}")
        elif line.startswith("- "):
            blocks.append(line)
        for item in _Line.read([line]):
            if item.code:
                blocks.append(f"{item.text.rstrip('.')} [{item.id}]:\n\n```bash\n{item.code}\n```")
            else:
                blocks.append(f"{item.text} [{item.id}]")
    return "\n\n".join(blocks)
