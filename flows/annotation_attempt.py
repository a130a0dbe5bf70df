"""One attempt at an experiment: ask the models, conclude from what they say, publish it."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flows.annotation_answers import Answers
from flows.annotation_asking import Asking
from flows.annotation_inputs import Inputs
from flows.outputs import output_folder
from flows.progress import RunProgress
from tasks.annotation_artifacts import draw_plan, draw_summary
from tasks.publishing import publish_outputs
from techne.annotation.analysis import Analysis, analyse
from techne.annotation.cautions import Circumstances
from techne.annotation.conclusion import Run, disputed_items, known_answers, summarise
from techne.annotation.consensus_file import write_consensus
from techne.annotation.disputes import most_disputed
from techne.annotation.report import render_markdown, render_report
from techne.annotation.request import STAGES, AnnotationRequest, AnnotationResult
from techne.annotation.review.export import write_review_files
from techne.annotation.review.gold import write_gold
from techne.annotation.review.queue import review_items
from techne.annotation.summary import DisputedItem, Summary
from techne.annotation.votes import IntArray
from techne.settings import Settings
from techne.storage import ObjectURI, OutputFile, PublishedOutputs, open_store
from techne.tracking import Acquired, Heartbeat, TrackingStore

logger = logging.getLogger(__name__)

SUMMARY, REPORT, LABELS = "summary.json", "report.html", "labels.json"


@dataclass(slots=True)
class Attempt:
    """One attempt at one experiment, by the holder of its lease."""

    request: AnnotationRequest
    inputs: Inputs
    settings: Settings
    tracking: TrackingStore
    acquired: Acquired
    heartbeat: Heartbeat
    started: float

    async def run(self) -> AnnotationResult:
        """Ask, conclude and publish."""
        experiment_id = self.acquired.record.execution_id
        logger.info("Starting annotation experiment %s: %d items", experiment_id, self.inputs.items)
        destination = output_folder(self.request.output, self.settings, experiment_id)
        await asyncio.to_thread(open_store(destination, self.settings).check_writable, destination)
        progress = RunProgress("annotation", STAGES, experiment_id, self.tracking, self.acquired.lease)
        await progress.start("read", 1)
        await progress.finish()
        with tempfile.TemporaryDirectory(prefix="techne-outputs-", ignore_cleanup_errors=True) as folder:
            answers = await self._answers(progress, destination, Path(folder))
            await progress.start("consensus", 1)
            self.heartbeat.check()
            analysis, summary, queue = await asyncio.to_thread(self._conclude, answers)
            await progress.finish()
            await progress.start("output", 1)
            files = await asyncio.to_thread(self._write, Path(folder), answers, analysis, summary, queue)
            published = await publish_outputs(
                files,
                destination,
                self.acquired.record.attempt,
                {"experiment_id": experiment_id, "chosen": analysis.chosen},
                self.heartbeat.confirm,
            )
        result = self._result(answers, summary, published)
        await progress.finish()
        await draw_summary(render_markdown(summary), experiment_id, published)
        logger.info(
            "Annotation experiment complete: %.1fs, %d items, %d failed answers",
            result.duration_seconds,
            result.items,
            result.failed,
        )
        return result

    async def _answers(self, progress: RunProgress, destination: ObjectURI, folder: Path) -> Answers:
        """What everybody says; annotations that are made now are written down on the way."""
        if self.inputs.dataset is None:
            recorded = self.inputs.recorded_labels
            return Answers(panel=recorded.panel, models=recorded.models, files=self.inputs.files)
        asking = Asking(
            request=self.request,
            dataset=self.inputs.dataset,
            inputs=self.inputs,
            settings=self.settings,
            destination=destination,
            progress=progress,
            check=self.heartbeat.check,
            again=self.request.force,
        )
        await asking.check_models()
        plan = await asyncio.to_thread(asking.plan)
        await draw_plan(plan, self.acquired.record.execution_id)
        return await asking.ask(plan, folder)

    def _conclude(self, answers: Answers) -> tuple[Analysis, Summary, tuple[DisputedItem, ...]]:
        """What the votes tell, as data, and the items for people to decide, their texts whole."""
        request, gold = self.request, self.inputs.gold
        facts = self.inputs.facts(str(request.dataset or request.annotations))
        facts = facts.model_copy(update={"duplicates": facts.duplicates + answers.duplicates})
        analysis = analyse(
            answers.panel,
            methods=request.methods,
            chosen=request.consensus or answers.chosen,
            cost_per_call=answers.cost_per_call,
            circumstances=Circumstances(
                models=answers.models,
                duplicates=facts.duplicates,
                unmatched_gold=gold.unmatched if gold is not None else 0,
                unasked=answers.unasked,
            ),
        )
        run = Run(
            experiment_id=self.acquired.record.execution_id,
            # The first attempt's time, so that a resumed run writes the same summary.
            created_at=self.acquired.record.created_at,
            dataset=facts,
            label_set=self.inputs.label_set,
            models=answers.models,
            prompt_version=answers.prompt_version,
            strategy=request.strategy if self.inputs.dataset is not None else "panel",
            cascade=answers.cascade,
            paid_usd=None if answers.paid_usd is None else float(answers.paid_usd),
            timing=answers.timing,
        )
        panel, decided = answers.panel, analysis.consensus[analysis.chosen]
        to_review = most_disputed(decided, request.review_items, without=panel.gold_known)
        texts = self._texts(np.union1d(analysis.disputed, to_review))
        disputed = disputed_items(panel, decided, analysis.disputed, texts)
        return (
            analysis,
            summarise(run, analysis, disputed),
            disputed_items(panel, decided, to_review, texts),
        )

    def _texts(self, tasks: IntArray) -> dict[int, str]:
        """Texts of some items, by their index."""
        dataset = self.inputs.dataset
        if dataset is None or not self.request.include_text:
            return {}
        wanted = np.zeros(len(dataset), dtype=np.bool_)
        wanted[tasks] = True
        return {item.index: item.text for item in dataset.items(only=wanted)}

    def _write(
        self,
        folder: Path,
        answers: Answers,
        analysis: Analysis,
        summary: Summary,
        queue: Sequence[DisputedItem],
    ) -> dict[str, OutputFile]:
        """All files of the experiment, by the names that they are published under."""
        with_texts = self.request.include_text and self.inputs.dataset is not None
        items = self.inputs.dataset.items() if with_texts and self.inputs.dataset is not None else None
        decided = analysis.consensus[analysis.chosen]
        written = write_consensus(folder, answers.panel, decided, items)
        if answers.panel.has_gold:
            written += write_gold(folder, known_answers(answers.panel), self.inputs.label_set)
        if queue:
            to_review = review_items(queue, answers.panel.kind)
            written += write_review_files(folder, to_review, self.inputs.label_set, analysis.chosen)
        files = {name: OutputFile(path) for name, path in answers.files.items()}
        files |= {path.name: OutputFile(path) for path in written}
        files[LABELS] = OutputFile(self.inputs.label_set.model_dump_json(indent=2).encode() + b"\n")
        files[SUMMARY] = OutputFile(summary.model_dump_json(indent=2).encode() + b"\n")
        files[REPORT] = OutputFile(render_report(summary).encode(), "text/html; charset=utf-8")
        return files

    def _result(self, answers: Answers, summary: Summary, published: PublishedOutputs) -> AnnotationResult:
        judged = [
            *summary.evaluations,
            *(method.evaluation for method in summary.consensus if method.evaluation is not None),
        ]
        recommendation = summary.recommendation
        return AnnotationResult(
            experiment_id=summary.experiment_id,
            complete=answers.stopped_by is None,
            stopped_by=answers.stopped_by,
            summary_uri=published.uri_of(SUMMARY),
            report_uri=published.uri_of(REPORT),
            manifest_uri=published.manifest_uri,
            items=self.inputs.items,
            models=len(summary.models),
            chosen=summary.chosen,
            recommended=None if recommendation is None else recommendation.use,
            recommendation=None if recommendation is None else recommendation.reason,
            accuracy={one.name: round(one.accuracy.value, 4) for one in judged},
            warnings=tuple(caution.message for caution in summary.warnings if caution.level == "loud"),
            failed=sum(model.failed for model in summary.models),
            cost_usd=summary.cost_usd,
            calls_sent=answers.calls_sent,
            duration_seconds=round(time.monotonic() - self.started, 3),
            efficiency=summary.timing.efficiency if summary.timing is not None else None,
            attempt=self.acquired.record.attempt,
        )
