"""What one consensus method decided, in figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from techne.annotation.consensus import registry
from techne.annotation.consensus.method import Consensus
from techne.annotation.panel import Panel
from techne.annotation.summary import ConsensusRun, Evaluation
from techne.annotation.votes import NO_LABEL


def consensus_run(
    panel: Panel, consensus: Sequence[Consensus], evaluation: Evaluation | None
) -> ConsensusRun:
    """Count decisions, ties and labels.

    For multi a text is decided if every label is, and tied if any is; the distribution counts texts that
    carry the label, and the margin is the mean over labels.

    Args:
        panel: What was decided about.
        consensus: One method's, one per problem.
        evaluation: Of the same; None without gold.
    """
    voted = np.any([~np.isnan(decided.margin) for decided in consensus], axis=0)
    margins = np.concatenate([decided.margin for decided in consensus])
    margins = margins[~np.isnan(margins)]
    name = consensus[0].method
    return ConsensusRun(
        name=name,
        title=registry.build(name).title,
        decided=int(np.count_nonzero(np.all([one.label_index != NO_LABEL for one in consensus], axis=0))),
        ties=int(np.count_nonzero(np.any([one.tied for one in consensus], axis=0))),
        no_votes=int(np.count_nonzero(~voted)),
        mean_margin=float(margins.mean()) if len(margins) else None,
        distribution=_distribution(panel, consensus),
        accuracy=evaluation.accuracy.value if evaluation else None,
        accuracy_ties_first=evaluation.accuracy_ties_first if evaluation else None,
        evaluation=evaluation,
    )


def _distribution(panel: Panel, consensus: Sequence[Consensus]) -> dict[str, int]:
    if panel.kind == "multi":
        yes = [int(np.count_nonzero(decided.label_index == 1)) for decided in consensus]
        return dict(zip(panel.labels, yes, strict=True))
    decided = consensus[0].label_index
    counts = np.bincount(decided[decided != NO_LABEL], minlength=len(panel.labels))
    return dict(zip(panel.labels, counts.tolist(), strict=True))
