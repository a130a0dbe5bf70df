"""What an experiment found, as data: `summary.json`, and all that the report shows.

Whoever computes fills these models, whoever renders reads them; there is no other way between the two.
Every accuracy is of gold items that the judged thing was not fitted on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from techne.annotation.labels import LabelKind

SCHEMA_VERSION = 1


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Interval(_Figures):
    """An estimate with its 95 % bootstrap confidence interval."""

    value: float
    low: float
    high: float


class ClassScore(_Figures):
    """One label's precision, recall and F1; None where nothing was predicted, or nothing is true."""

    label: str
    support: int = Field(description="Gold items that carry it.")
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


class Confusion(_Figures):
    """Gold against answers, in gold items."""

    label: str = Field(
        "", description="For multi: the label that this is about; then rows and columns are no, yes."
    )
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...] = Field(
        description="Rows: gold; columns: answers, and a last column for no answer (abstained, failed, tied)."
    )


class CalibrationBin(_Figures):
    """Answers whose stated certainty lay in [low, high)."""

    low: float
    high: float
    items: int
    mean_confidence: float
    accuracy: float


class Calibration(_Figures):
    """How far stated certainty is to be believed."""

    expected_calibration_error: float = Field(ge=0, le=1, description="ECE: Naeini et al. 2015.")
    brier: float | None = Field(
        None, ge=0, le=2, description="Multiclass Brier score; of whole posteriors only."
    )
    bins: tuple[CalibrationBin, ...]


class Evaluation(_Figures):
    """How right a model or a consensus is, on gold."""

    name: str
    kind: Literal["model", "consensus"]
    items: int = Field(description="Gold items that it was judged on.")
    answered: int = Field(description="Of these, those that it answered with a label.")
    cross_fitted: bool = Field(
        description="Whether it learns from gold, and was judged on folds that it did not see."
    )
    accuracy: Interval = Field(
        description="Right answers among the items. No answer is wrong; a tie of k labels with the right one "
        "counts 1/k: what breaking ties by chance gives. For multi: the whole set of labels is right."
    )
    accuracy_of_answered: float | None = Field(description="Right answers among those that it gave.")
    macro_f1: Interval
    classes: tuple[ClassScore, ...]
    confusions: tuple[Confusion, ...] = Field(description="One; for multi one per label.")
    calibration: Calibration | None = None
    ties: int = Field(0, description="Items that it could not decide.")
    accuracy_ties_wrong: float | None = Field(
        None, description="Consensus only: accuracy if every tie is wrong."
    )
    accuracy_ties_first: float | None = Field(
        None,
        description="Consensus only: accuracy if a tie goes to the label that the votes name first, as in "
        "tools that break ties silently; for comparison with them.",
    )
    mean_absolute_error: float | None = Field(
        None, description="Ordinal only: steps between answer and gold."
    )
    label_accuracy: float | None = Field(None, description="Multi only: right decisions about single labels.")


class PairAgreement(_Figures):
    """How two models agree."""

    first: str
    second: str
    items: int = Field(description="Tasks that both answered.")
    observed: float | None = Field(description="Part of them with the same label.")
    kappa: float | None = Field(description="Cohen 1960; for ordinal quadratically weighted (Cohen 1968).")
    error_correlation: float | None = Field(None, description="Pearson's, of being wrong; needs gold.")


class Agreement(_Figures):
    """How far the panel is of one mind, chance apart. For multi: the mean over the labels."""

    pairs: tuple[PairAgreement, ...] = Field(
        description="Those with most common tasks, if there are very many."
    )
    mean_kappa: float | None
    fleiss_kappa: float | None = Field(description="Fleiss 1971; tasks may have different numbers of votes.")
    krippendorff_nominal: float | None = Field(description="Krippendorff 2011.")
    krippendorff_ordinal: float | None = Field(None, description="Ordinal only.")
    mean_error_correlation: float | None = Field(
        None, description="rho: mean over pairs of models; needs gold."
    )
    effective_models: float | None = Field(
        None, description="n_eff = K / (1 + (K - 1) rho): how many independent models the panel is worth."
    )
    models: int = Field(description="K.")


class PairedTest(_Figures):
    """Whether the first is better than the second, on the same gold items."""

    first: str
    second: str
    items: int
    first_only_right: int
    second_only_right: int
    difference: Interval = Field(description="Accuracy of the first less that of the second.")
    p_value: float = Field(description="McNemar's exact test, two-sided.")


class Recommendation(_Figures):
    """What to use, on the evidence there is."""

    use: str = Field(description="Name of the model or the consensus.")
    kind: Literal["model", "consensus"]
    reason: str
    runner_up: str | None
    stability: float | None = Field(
        None, description="Part of bootstrap samples of the gold in which the same one comes first."
    )
    gold_items: int
    more_gold_to_flip: int | None = Field(
        None, description="Fewest further gold items, each won by the runner-up alone, after which it leads."
    )
    more_gold_to_settle: int | None = Field(
        None,
        description="Further gold items, at the present difference, until its 95 % interval excludes 0; 0 if "
        "it does already. None where the two never differ.",
    )


class Caution(_Figures):
    """Something that a reader must know before using the labels."""

    code: Literal[
        "panel_below_best_model",
        "few_effective_models",
        "little_gold",
        "no_gold",
        "many_ties",
        "many_failures",
        "duplicates",
        "unmatched_gold",
        "budget_exhausted",
        "missing_class",
        "fallback_answers",
    ]
    level: Literal["loud", "note"]
    message: str


class ModelRun(_Figures):
    """What one model did."""

    name: str
    provider: str = ""
    model: str = ""
    items: int = Field(description="Texts that it was to annotate.")
    labelled: int
    abstained: int = 0
    failed: int = 0
    not_asked: int = Field(0, description="Left out: by the cascade, or because the budget was used up.")
    failures: dict[str, int] = Field(default_factory=dict, description="By kind.")
    distribution: dict[str, int] = Field(default_factory=dict, description="Answers by label.")
    calls_sent: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = Field(
        0.0, description="What its answers cost, whenever they were paid; None: no price."
    )
    mean_latency_seconds: float | None = None
    local: bool = Field(False, description="Whether it ran in this process, without a network.")


class ConsensusRun(_Figures):
    """What one method decided."""

    name: str
    title: str
    decided: int
    ties: int
    no_votes: int
    mean_margin: float | None
    distribution: dict[str, int]
    accuracy: float | None = Field(
        None,
        description="As in `evaluation`; None without gold. Ties count as breaking them by chance would.",
    )
    accuracy_ties_first: float | None = Field(None, description="As in `evaluation`.")
    evaluation: Evaluation | None = None


class Timing(_Figures):
    """How the wall clock compares with what the models' latency and limits allow."""

    wall_seconds: float
    lower_bound_seconds: float | None = Field(
        description="Most, over models and providers, of calls x latency / parallel, calls / rate, "
        "tokens / rate."
    )
    efficiency: float | None = Field(description="Lower bound / wall clock; None where no call was sent.")
    items_per_second: float | None = None


class CascadeRun(_Figures):
    """What asking the cheap models first saved."""

    method: str
    threshold: float
    threshold_source: Literal["gold", "stated"]
    waves: tuple[tuple[str, ...], ...] = Field(description="Models in the order of asking.")
    items_per_wave: tuple[int, ...] = Field(
        description="Texts that reached each wave, without gold items that everybody was asked about."
    )
    calls: int
    calls_full_panel: int
    cost_usd: float | None
    cost_full_panel_usd: float | None
    accuracy: Interval | None = Field(description="On gold not used for the threshold.")
    accuracy_full_panel: Interval | None = Field(
        None, description="The full panel's best method on the same items, if its answers are there."
    )
    items_judged: int = 0


class DisputedItem(_Figures):
    """A text that the panel could not agree on."""

    id: str
    text: str = Field(description="Its beginning; empty where the texts are not there.")
    votes: dict[str, str] = Field(description="Model to label.")
    posterior: dict[str, float]
    margin: float
    consensus: str | None = Field(description="None for a tie.")
    gold: str | None = None


class DatasetFacts(_Figures):
    """What was annotated."""

    source: str
    items: int
    sha256: str = ""
    gold_items: int = 0
    gold_distribution: dict[str, int] = Field(default_factory=dict)
    duplicates: int = Field(
        0, description="Votes left out because the same worker had answered the same task."
    )


class LabelFacts(_Figures):
    """What could be answered."""

    kind: LabelKind
    question: str = ""
    labels: tuple[str, ...]


class Summary(_Figures):
    """The experiment in figures (S0-15)."""

    schema_version: int = SCHEMA_VERSION
    experiment_id: str
    created_at: datetime
    dataset: DatasetFacts
    label_set: LabelFacts
    prompt_version: str = ""
    strategy: Literal["panel", "cascade"] = "panel"
    models: tuple[ModelRun, ...]
    consensus: tuple[ConsensusRun, ...]
    chosen: str = Field(description="The consensus method that the consensus files carry.")
    chosen_reason: str = Field("", description="Why that method, in a sentence.")
    evaluations: tuple[Evaluation, ...] = Field((), description="Of each model, where there is gold.")
    best_model: str | None = Field(None, description="Most accurate single model, on gold.")
    paired_tests: tuple[PairedTest, ...] = ()
    agreement: Agreement
    recommendation: Recommendation | None = None
    warnings: tuple[Caution, ...] = ()
    cascade: CascadeRun | None = None
    disputed: tuple[DisputedItem, ...] = Field((), description="The least certain first.")
    cost_usd: float | None = Field(0.0, description="Of all answers, whenever they were paid.")
    paid_usd: float | None = Field(0.0, description="Of the calls of this run.")
    timing: Timing | None = None
