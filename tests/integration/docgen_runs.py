"""What the flow's tests share: requests, recordings, and a look into the Prefect server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import Artifact, FlowRun, TaskRun

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
ENGLISH = SAMPLES / "training-data-platform.en-US.json"
PORTUGUESE = SAMPLES / "treinamento-pagamentos.pt-BR.json"


def event(tmp_path: Path, execution_id: str, **fields: Any) -> dict[str, Any]:
    """The event of S1-28 with local URIs."""
    return {
        "execution_id": execution_id,
        "transcription_s3_uri": ENGLISH.as_uri(),
        "output": str(tmp_path / "out"),
        "engine": "extractive",
        **fields,
    }


def small_recording(path: Path, *sentences: str) -> Path:
    """A transcript of one speaker, a turn per sentence, in Transcribe's modern shape."""
    items: list[dict[str, Any]] = []
    segments = []
    for number, sentence in enumerate(sentences):
        first = len(items)
        for place, word in enumerate(sentence.rstrip(".").split()):
            at = number * 20 + place * 0.4
            items.append(
                {
                    "id": len(items),
                    "type": "pronunciation",
                    "alternatives": [{"confidence": "0.98", "content": word}],
                    "start_time": f"{at:.2f}",
                    "end_time": f"{at + 0.35:.2f}",
                    "speaker_label": "spk_0",
                }
            )
        items.append({"id": len(items), "type": "punctuation", "alternatives": [{"content": "."}]})
        segments.append(
            {
                "id": number,
                "transcript": sentence,
                "start_time": items[first]["start_time"],
                "end_time": items[-2]["end_time"],
                "speaker_label": "spk_0",
                "items": list(range(first, len(items))),
            }
        )
    document = {
        "jobName": "small",
        "status": "COMPLETED",
        "results": {
            "language_code": "en-US",
            "transcripts": [{"transcript": " ".join(sentences)}],
            "items": items,
            "audio_segments": segments,
        },
    }
    path.write_text(json.dumps(document))
    return path


async def runs_named(name: str) -> list[FlowRun]:
    """The server's flow runs of that name."""
    async with get_client() as client:
        return await client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[name])))


async def task_runs_of(run: FlowRun) -> list[TaskRun]:
    """The task runs of a flow run."""
    async with get_client() as client:
        return await client.read_task_runs(flow_run_filter=FlowRunFilter(id={"any_": [run.id]}), limit=200)


async def artifacts_of(run: FlowRun) -> list[Artifact]:
    """The artifacts that a flow run left."""
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    async with get_client() as client:
        return await client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        )
