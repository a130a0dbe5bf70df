"""A plan as a table: for a terminal, as rows, and for the Prefect UI, as Markdown."""

from __future__ import annotations

from techne.annotation.plan import ModelPlan, Plan

MINUTE_SECONDS, HOUR_SECONDS = 60, 3600
COLUMNS = ("model", "calls", "tokens in", "tokens out", "expected cost", "at most", "in parallel")


def plan_rows(plan: Plan) -> list[tuple[str, ...]]:
    """One row per model, and the total."""
    rows = [_row(model) for model in plan.models]
    total = (
        "total",
        f"{sum(model.calls for model in plan.models):,}",
        f"{sum(model.input_tokens for model in plan.models):,}",
        f"{sum(model.output_tokens for model in plan.models):,}",
        money(plan.expected_cost_usd),
        money(plan.most_cost_usd),
        "",
    )
    return [*rows, total]


def plan_sentences(plan: Plan) -> list[str]:
    """What the table can't say."""
    sentences = [f"{plan.items:,} texts; tokens are estimated from {plan.sampled:,} of them."]
    if plan.lower_bound_seconds:
        how = "measured" if plan.latency_measured else "assumed where nothing was measured"
        shown = ", ".join(f"{name} {seconds:.2g} s" for name, seconds in plan.latency_seconds.items())
        sentences.append(
            f"It takes {duration(plan.lower_bound_seconds)} at least, bound by {plan.bound_by} "
            f"(latency of a call, {how}: {shown})."
        )
    if plan.expected_cost_usd is None:
        sentences.append("For some models no price is known; a budget can't be kept with them.")
    return sentences


def plan_markdown(plan: Plan) -> str:
    """The plan as a Markdown table."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + " --- |" * len(COLUMNS)]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in plan_rows(plan)]
    return "\n".join([*lines, "", *plan_sentences(plan)]) + "\n"


def money(cost_usd: float | None) -> str:
    """An amount in USD, to the hundredth of a cent."""
    return "no price known" if cost_usd is None else f"${cost_usd:,.4f}"


def duration(seconds: float) -> str:
    """A duration in the two units that matter."""
    if seconds < MINUTE_SECONDS:
        return f"{seconds:.0f} s"
    if seconds < HOUR_SECONDS:
        return f"{seconds / MINUTE_SECONDS:.0f} min"
    return f"{int(seconds // HOUR_SECONDS)} h {int(seconds % HOUR_SECONDS // MINUTE_SECONDS)} min"


def _row(model: ModelPlan) -> tuple[str, ...]:
    return (
        model.name,
        f"{model.calls:,}",
        f"{model.input_tokens:,}",
        f"{model.output_tokens:,}",
        money(model.expected_cost_usd),
        money(model.most_cost_usd),
        str(model.max_parallel),
    )


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
