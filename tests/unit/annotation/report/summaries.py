"""Summaries as experiments give them: a panel of five, other kinds of labels, a crowd, a foe's."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import combinations, pairwise

from techne.annotation.labels import LabelKind
from techne.annotation.summary import (
    Agreement,
    Calibration,
    CalibrationBin,
    CascadeRun,
    Caution,
    ClassScore,
    Confusion,
    ConsensusRun,
    DatasetFacts,
    DisputedItem,
    Evaluation,
    Interval,
    LabelFacts,
    ModelRun,
    PairAgreement,
    PairedTest,
    Recommendation,
    Summary,
    Timing,
)

GOLD = 300
ITEMS = 2400
LABELS = ("entailment", "neutral", "contradiction")
PANEL = (
    ("claude-sonnet", "bedrock", "anthropic.claude-sonnet-4-5", 0.887, 11.42),
    ("gpt-mini", "openai", "gpt-5-mini", 0.853, 1.87),
    ("gemini-flash", "gemini", "gemini-2.5-flash", 0.847, 0.94),
    ("nova-lite", "bedrock", "amazon.nova-lite-v1:0", 0.783, 0.21),
    ("llama-8b", "ollama", "llama3.1:8b", 0.727, 0.0),
)
METHODS = (
    ("accuracy_weighted", "Accuracy-weighted vote", 0.903, True),
    ("dawid_skene", "Dawid-Skene", 0.87, False),
    ("majority", "Majority", 0.863, False),
    ("one_coin", "One-coin Dawid-Skene", 0.867, False),
)


def interval(value: float, items: int = GOLD) -> Interval:
    half = 1.96 * math.sqrt(max(value * (1 - value), 0.0004) / items)
    return Interval(value=value, low=max(value - half, 0.0), high=min(value + half, 1.0))


def confusion(labels: tuple[str, ...], accuracy: float, items: int = GOLD, label: str = "") -> Confusion:
    rows = []
    for at in range(len(labels)):
        total = max(items // len(labels) - 7 * at, 4)
        right = round(total * accuracy)
        row = [0] * (len(labels) + 1)
        row[at] = right
        row[(at + 1) % len(labels)] = (total - right) * 2 // 3
        row[-1] = total - sum(row)
        rows.append(tuple(row))
    return Confusion(label=label, labels=labels, counts=tuple(rows))


def calibration(accuracy: float, items: int = GOLD) -> Calibration:
    bins = []
    for at, part in enumerate((0.0, 0.0, 0.0, 0.01, 0.02, 0.05, 0.08, 0.14, 0.26, 0.44)):
        middle = (at + 0.55) / 10
        right = min(max(middle - (0.93 - accuracy) * (0.6 + middle), 0.05), 0.99)
        count = round(items * part)
        bins.append(
            CalibrationBin(
                low=at / 10, high=(at + 1) / 10, items=count, mean_confidence=middle, accuracy=right
            )
        )
    return Calibration(expected_calibration_error=0.062, brier=0.214, bins=tuple(bins))


def evaluation(
    name: str,
    kind: str,
    accuracy: float,
    labels: tuple[str, ...] = LABELS,
    label_kind: LabelKind = "single",
    fitted: bool = False,
) -> Evaluation:
    multi = label_kind == "multi"
    return Evaluation.model_validate(
        {
            "name": name,
            "kind": kind,
            "items": GOLD,
            "answered": GOLD - 6,
            "cross_fitted": fitted,
            "accuracy": interval(accuracy),
            "accuracy_of_answered": accuracy * GOLD / (GOLD - 6),
            "macro_f1": interval(accuracy - 0.021),
            "classes": tuple(
                ClassScore(
                    label=label,
                    support=GOLD // (at + 2),
                    precision=interval(max(accuracy - 0.01 * (at % 5), 0.0)),
                    recall=interval(max(accuracy - 0.02 * (at % 7), 0.0)),
                    f1=None if at == 40 else interval(max(accuracy - 0.015 * (at % 6), 0.0)),
                )
                for at, label in enumerate(labels)
            ),
            "confusions": tuple(confusion(("no", "yes"), accuracy, label=label) for label in labels)
            if multi
            else (confusion(labels, accuracy),),
            "calibration": calibration(accuracy),
            "ties": 4 if kind == "consensus" else 0,
            "accuracy_ties_wrong": accuracy - 0.007 if kind == "consensus" else None,
            "accuracy_ties_first": accuracy + 0.003 if kind == "consensus" else None,
            "mean_absolute_error": 0.214 if label_kind == "ordinal" else None,
            "label_accuracy": 0.941 if multi else None,
        }
    )


def distribution(labels: tuple[str, ...], total: int, lean: int = 0) -> dict[str, int]:
    weights = [len(labels) - at + (3 if at == lean else 0) for at in range(len(labels))]
    return {label: total * weight // sum(weights) for label, weight in zip(labels, weights, strict=True)}


def model_run(at: int, labels: tuple[str, ...] = LABELS) -> ModelRun:
    name, provider, model, _, cost = PANEL[at]
    failed = (0, 3, 0, 41, 12)[at]
    abstained = (8, 0, 21, 4, 0)[at]
    labelled = ITEMS - failed - abstained
    return ModelRun(
        name=name,
        provider=provider,
        model=model,
        items=ITEMS,
        labelled=labelled,
        abstained=abstained,
        failed=failed,
        failures={"throttled": failed - failed // 3, "invalid_output": failed // 3} if failed else {},
        distribution=distribution(labels, labelled, at % len(labels)),
        calls_sent=ITEMS - 420,
        cached=420,
        input_tokens=1_184_000 + 9_731 * at,
        output_tokens=88_400 - 4_112 * at,
        cost_usd=cost,
        mean_latency_seconds=(1.84, 0.91, 0.62, 0.38, 0.27)[at],
    )


def agreement(names: tuple[str, ...], gold: bool = True, ordinal: bool = False) -> Agreement:
    pairs = tuple(
        PairAgreement(
            first=first,
            second=second,
            items=2_300 - 10 * at,
            observed=0.81 - 0.01 * (at % 9),
            kappa=0.74 - 0.052 * (at % 11),
            error_correlation=0.46 - 0.055 * (at % 9) if gold else None,
        )
        for at, (first, second) in enumerate(combinations(names, 2))
    )
    rho = 0.31 if gold else None
    return Agreement(
        pairs=pairs,
        mean_kappa=0.612,
        fleiss_kappa=0.604,
        krippendorff_nominal=0.606,
        krippendorff_ordinal=0.688 if ordinal else None,
        mean_error_correlation=rho,
        effective_models=None if rho is None else len(names) / (1 + (len(names) - 1) * rho),
        models=len(names),
    )


def paired(first: str, second: str, difference: float, p_value: float) -> PairedTest:
    return PairedTest(
        first=first,
        second=second,
        items=GOLD,
        first_only_right=round(20 + 150 * difference),
        second_only_right=round(20 - 150 * difference),
        difference=Interval(value=difference, low=difference - 0.037, high=difference + 0.036),
        p_value=p_value,
    )


def disputed(labels: tuple[str, ...], models: tuple[str, ...], number: int = 24) -> tuple[DisputedItem, ...]:
    texts = (
        "Premise: The committee postponed the vote until the auditors had answered every question that its "
        "members put to them in March. Hypothesis: The vote took place in March.",
        "Premise: Few of the trainees had used the torque wrench before. Hypothesis: Some trainees had.",
        "Premise: The valve closes within two seconds of an alarm unless it is in manual mode. Hypothesis: "
        "In manual mode an alarm never closes the valve.",
    )
    items = []
    for at in range(number):
        first, second, third = (labels[(at + step) % len(labels)] for step in (0, 1, 2))
        margin = 0.004 + at * 0.011
        posterior = {first: 0.47 + margin / 2, second: 0.47 - margin / 2, third: 0.06}
        votes = {model: (first, second)[place % 2] for place, model in enumerate(models)}
        items.append(
            DisputedItem(
                id=f"rte-{1048 + 37 * at}",
                text=texts[at % 3],
                votes=votes,
                posterior=posterior,
                margin=margin,
                consensus=None if at == 0 else first,
                gold=second if at % 4 == 1 else None,
            )
        )
    return tuple(items)


def panel_of_five(
    labels: tuple[str, ...] = LABELS, kind: LabelKind = "single", question: str = ""
) -> Summary:
    """Five LLMs, three hundred gold items."""
    names = tuple(name for name, *_ in PANEL)
    consensus = []
    for name, title, accuracy, fitted in METHODS:
        judged = evaluation(name, "consensus", accuracy, labels, kind, fitted)
        consensus.append(
            ConsensusRun(
                name=name,
                title=title,
                decided=2_381,
                ties=17,
                no_votes=2,
                mean_margin=0.782,
                distribution=distribution(labels, 2_381),
                accuracy=accuracy,
                accuracy_ties_first=accuracy + 0.003,
                evaluation=judged,
            )
        )
    return Summary(
        experiment_id="nli-pilot-2026-11",
        created_at=datetime(2026, 11, 20, 14, 32, tzinfo=UTC),
        dataset=DatasetFacts(
            source="s3://training-texts/nli/pilot.parquet",
            items=ITEMS,
            sha256="9f2c" * 16,
            gold_items=GOLD,
            gold_distribution=distribution(labels, GOLD),
            duplicates=3,
        ),
        label_set=LabelFacts(
            kind=kind, question=question or "Does the premise entail the hypothesis?", labels=labels
        ),
        prompt_version="classification-en@3",
        models=tuple(model_run(at, labels) for at in range(len(PANEL))),
        consensus=tuple(consensus),
        chosen="accuracy_weighted",
        evaluations=tuple(
            evaluation(name, "model", accuracy, labels, kind) for name, _, _, accuracy, _ in PANEL
        ),
        best_model="claude-sonnet",
        paired_tests=(
            paired("accuracy_weighted", "claude-sonnet", 0.016, 0.332),
            *(
                paired(first[0], second[0], gap, 0.0004 if gap > 0.06 else 0.012 if gap > 0.04 else 0.201)
                for first, second in pairwise(PANEL)
                for gap in (first[3] - second[3],)
            ),
        ),
        agreement=agreement(names, ordinal=kind == "ordinal"),
        recommendation=Recommendation(
            use="accuracy_weighted",
            kind="consensus",
            reason="It is right on 90.3 % of the gold items, 1.6 points above the best single model.",
            runner_up="claude-sonnet",
            stability=0.79,
            gold_items=GOLD,
            more_gold_to_flip=6,
            more_gold_to_settle=1_240,
        ),
        warnings=(
            Caution(
                code="few_effective_models",
                level="loud",
                message="The five models err together (error correlation 0.31): they are worth 2.2 "
                "independent ones. A sixth model of another family would add more than a larger one.",
            ),
            Caution(
                code="many_failures",
                level="note",
                message="nova-lite failed on 41 items (1.7 %); failed.csv lists them with the reason.",
            ),
            Caution(code="duplicates", level="note", message="3 duplicate votes were left out."),
        ),
        disputed=disputed(labels, names),
        cost_usd=14.44,
        paid_usd=11.93,
        timing=Timing(wall_seconds=391.4, lower_bound_seconds=376.8, efficiency=0.963, items_per_second=6.13),
    )


def panel_below_its_best() -> Summary:
    """Five LLMs whose panel loses against its best member."""
    summary = panel_of_five()
    return summary.model_copy(
        update={
            "recommendation": Recommendation(
                use="claude-sonnet",
                kind="model",
                reason="It is right on 88.7 % of the gold items; the best consensus, Dawid-Skene, on 87.0 %.",
                runner_up="dawid_skene",
                stability=0.93,
                gold_items=GOLD,
                more_gold_to_flip=6,
                more_gold_to_settle=0,
            ),
            "warnings": (
                Caution(
                    code="panel_below_best_model",
                    level="loud",
                    message="The panel is below its best member: Dawid-Skene 87.0 %, claude-sonnet 88.7 %.",
                ),
                *summary.warnings,
            ),
            "consensus": summary.consensus[1:],
            "chosen": "dawid_skene",
        }
    )


def without_gold() -> Summary:
    """The same panel where nobody knows the truth."""
    summary = panel_of_five()
    return summary.model_copy(
        update={
            "dataset": summary.dataset.model_copy(update={"gold_items": 0, "gold_distribution": {}}),
            "evaluations": (),
            "best_model": None,
            "paired_tests": (),
            "recommendation": None,
            "consensus": tuple(
                run.model_copy(update={"accuracy": None, "accuracy_ties_first": None, "evaluation": None})
                for run in summary.consensus[1:]
            ),
            "chosen": "dawid_skene",
            "agreement": agreement(tuple(name for name, *_ in PANEL), gold=False),
            "disputed": tuple(item.model_copy(update={"gold": None}) for item in summary.disputed),
            "warnings": (Caution(code="no_gold", level="note", message="There is no gold."),),
        }
    )


def one_local_model() -> Summary:
    """One annotator in this process, and nothing to compare it with."""
    summary = without_gold()
    model = ModelRun(
        name="lexicon",
        provider="embedded",
        model="lexicon",
        items=ITEMS,
        labelled=ITEMS,
        local=True,
        distribution=distribution(LABELS, ITEMS),
    )
    return summary.model_copy(
        update={
            "models": (model,),
            "agreement": Agreement(
                pairs=(),
                mean_kappa=None,
                fleiss_kappa=None,
                krippendorff_nominal=None,
                models=1,
            ),
            "disputed": (),
            "cost_usd": 0.0,
            "paid_usd": 0.0,
            "timing": None,
        }
    )


def nothing() -> Summary:
    """An experiment of which nothing came."""
    return Summary(
        experiment_id="",
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
        dataset=DatasetFacts(source="", items=0),
        label_set=LabelFacts(kind="single", labels=("yes", "no")),
        models=(),
        consensus=(),
        chosen="majority",
        agreement=Agreement(
            pairs=(), mean_kappa=None, fleiss_kappa=None, krippendorff_nominal=None, models=0
        ),
        cost_usd=None,
        paid_usd=None,
    )


def hardly_anything() -> Summary:
    """One gold item, which nobody answered, and figures that nobody knows."""
    summary = panel_of_five()
    certain = Interval(value=0.0, low=0.0, high=0.0)
    one = Evaluation(
        name="gpt-mini",
        kind="model",
        items=1,
        answered=0,
        cross_fitted=False,
        accuracy=certain,
        accuracy_of_answered=None,
        macro_f1=certain,
        classes=(ClassScore(label="yes", support=0, precision=None, recall=None, f1=None),),
        confusions=(Confusion(labels=("yes", "no"), counts=((0, 0, 1), (0, 0, 0))),),
        calibration=Calibration(expected_calibration_error=0.0, bins=()),
    )
    return summary.model_copy(
        update={
            "models": (summary.models[1].model_copy(update={"cost_usd": None}),),
            "evaluations": (one,),
            "consensus": (),
            "best_model": "gpt-mini",
            "recommendation": None,
            "paired_tests": (
                paired("gpt-mini", "gpt-mini", 0.0, 1.0).model_copy(update={"difference": certain}),
            ),
            "cost_usd": None,
            "timing": Timing(wall_seconds=0.0, lower_bound_seconds=None, efficiency=None),
        }
    )


def cascade() -> Summary:
    """The panel, asked in three waves."""
    return panel_of_five().model_copy(
        update={
            "strategy": "cascade",
            "cascade": CascadeRun(
                method="accuracy_weighted",
                threshold=0.94,
                threshold_source="gold",
                waves=(("llama-8b", "nova-lite"), ("gemini-flash", "gpt-mini"), ("claude-sonnet",)),
                items_per_wave=(2400, 1130, 412),
                calls=7_472,
                calls_full_panel=12_000,
                cost_usd=3.71,
                cost_full_panel_usd=14.44,
                accuracy=interval(0.897, 200),
                accuracy_full_panel=interval(0.901, 200),
                items_judged=200,
            ),
        }
    )


def multi() -> Summary:
    """Any number of labels fits."""
    labels = ("billing", "delivery", "product defect", "praise")
    item = DisputedItem(
        id="complaint-7",
        text="It came late, and broken.",
        votes={"claude-sonnet": "delivery|product defect", "gpt-mini": "delivery", "llama-8b": ""},
        posterior={"billing": 0.001, "delivery": 0.93, "product defect": 0.52, "praise": 0.02},
        margin=0.04,
        consensus="delivery|product defect",
        gold="delivery",
    )
    summary = panel_of_five(labels, "multi", "What is the complaint about?")
    return summary.model_copy(update={"disputed": (item,)})


def ordinal() -> Summary:
    """Labels on a scale."""
    labels = ("none", "mild", "moderate", "severe", "very severe")
    return panel_of_five(labels, "ordinal", "How severe is the fault?")


def crowd() -> Summary:
    """164 people, two labels, as RTE's."""
    labels = ("entailment", "no entailment")
    names = tuple(f"A{at:03d}Q7X" for at in range(164))
    summary = panel_of_five()
    models = tuple(
        ModelRun(
            name=name,
            items=800,
            labelled=800 - 4 * at,
            not_asked=4 * at,
            distribution=distribution(labels, 800 - 4 * at, at % 2),
        )
        for at, name in enumerate(names)
    )
    return summary.model_copy(
        update={
            "models": models,
            "evaluations": tuple(
                evaluation(name, "model", 0.95 - 0.003 * at, labels) for at, name in enumerate(names)
            ),
            "best_model": names[0],
            "label_set": LabelFacts(kind="single", labels=labels),
            "agreement": agreement(names[:80]).model_copy(update={"models": 164}),
            "disputed": disputed((*labels, "unclear"), names, 40),
            "paired_tests": tuple(paired(names[0], name, 0.01, 0.4) for name in names[1:90]),
            "cost_usd": 0.0,
            "paid_usd": 0.0,
            "timing": None,
        }
    )


def fifty_labels() -> Summary:
    """Fifty intents."""
    return panel_of_five(tuple(f"intent {at:02d} of the desk" for at in range(50)))


HOSTILE = (
    "<script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
    "[click](https://evil.example/x)",
    "![x](https://evil.example/x.png)",
    "a | b\n| c | d |\n\n# heading",
    "\u202eright to left\u202c \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "😀 {{ 7 * 7 }} {% raw %}",
    "</style><link rel=stylesheet href=//evil.example>",
    "https://evil.example www.evil.example a@evil.example",
    "&lt;b&gt; &#60;i&#62; \\| `code` *b* _i_ ~s~ <!-- x",
    "\x00\x07\u2028nul",
    "L" * 10_240,
)


def hostile() -> Summary:
    """Every text that a stranger can set, set by a foe."""
    labels = HOSTILE
    names = tuple(f"{text} {at}" for at, text in enumerate(HOSTILE))
    summary = panel_of_five()
    models = tuple(
        model_run(at % 5, labels).model_copy(
            update={
                "name": name,
                "provider": HOSTILE[0],
                "model": HOSTILE[at],
                "failures": {HOSTILE[at]: 3, HOSTILE[1]: 2},
            }
        )
        for at, name in enumerate(names)
    )
    return summary.model_copy(
        update={
            "experiment_id": "".join(HOSTILE[:3]),
            "dataset": summary.dataset.model_copy(
                update={
                    "source": HOSTILE[4],
                    "sha256": HOSTILE[0],
                    "gold_distribution": dict.fromkeys(labels, 9),
                }
            ),
            "label_set": LabelFacts(kind="single", question=HOSTILE[1], labels=labels),
            "prompt_version": HOSTILE[9],
            "models": models,
            "evaluations": tuple(
                evaluation(name, "model", 0.9 - 0.02 * at, labels) for at, name in enumerate(names)
            ),
            "best_model": names[0],
            "consensus": tuple(
                run.model_copy(update={"title": HOSTILE[at], "name": HOSTILE[at + 4]})
                for at, run in enumerate(summary.consensus)
            ),
            "chosen": HOSTILE[4],
            "agreement": agreement(names),
            "paired_tests": tuple(paired(first, second, 0.02, 0.2) for first, second in pairwise(names)),
            "recommendation": Recommendation(
                use=names[1],
                kind="model",
                reason=" ".join(HOSTILE),
                runner_up=names[2],
                gold_items=GOLD,
                more_gold_to_flip=2,
            ),
            "warnings": tuple(
                Caution(code="little_gold", level=level, message=text)
                for text in HOSTILE
                for level in ("loud", "note")
            ),
            "disputed": tuple(
                DisputedItem(
                    id=text,
                    text=text * 40,
                    votes=dict(zip(names, HOSTILE, strict=True)),
                    posterior={HOSTILE[0]: 0.5, text: 0.5},
                    margin=0.0,
                    consensus=HOSTILE[0],
                    gold=text,
                )
                for text in HOSTILE
            ),
        }
    )
