"""A person makes a document in the Prefect UI: log in, fill the form in, watch, read, follow a link.

In a real browser, against a server with a login, a process worker, and S3 in moto.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from deployments.bootstrap_work_pools import LOCAL_POOL
from techne.documents.request import DocgenRequest
from tests.support.browser import needs_browser
from tests.support.deployed import LOGIN, ROOT, Deployed, needs_postgres
from tests.support.prefect_ui import PrefectUI, open_prefect_ui

pytestmark = [pytest.mark.acceptance, needs_postgres, needs_browser]

SAMPLE = ROOT / "samples" / "training-data-platform.en-US.json"


@pytest.fixture(scope="module")
def transcript(deployed: Deployed) -> str:
    """A recording's transcript in the input bucket."""
    bucket = deployed.outputs["InputBucket"]
    deployed.aws("s3").upload_file(str(SAMPLE), bucket, "ui/lesson.json")
    return f"s3://{bucket}/ui/lesson.json"


@pytest.fixture(scope="module")
def ui(deployed: Deployed) -> Iterator[PrefectUI]:
    """The UI, with a person logged in and docgen deployed."""
    done = deployed.deploy(LOCAL_POOL, "--name", "docgen")
    assert done.exit_code == 0, done
    with open_prefect_ui(deployed.server.address) as ui:
        ui.log_in(LOGIN)
        yield ui


def test_a_wrong_login_is_refused(deployed: Deployed) -> None:
    with open_prefect_ui(deployed.server.address) as ui:
        ui.page.goto(ui.address)
        ui.page.get_by_placeholder("admin:pass").fill("admin:wrong")
        ui.page.get_by_role("button", name="Login").click()
        expect(ui.page.get_by_text("Invalid credentials")).to_be_visible()


def test_the_form_shows_title_description_and_default_of_each_field_in_order(ui: PrefectUI) -> None:
    ui.open_deployment("docgen")
    ui.open_form()
    fields = DocgenRequest.model_fields.values()
    for field in fields:
        expect(ui.main.get_by_text(str(field.description), exact=True)).to_be_visible()
    titles = [str(field.title) if field.is_required() else f"{field.title} (Optional)" for field in fields]
    labels = ui.main.locator("label").all_inner_texts()
    assert [label for label in labels if label in titles] == titles
    expect(ui.main.get_by_role("button", name="Select Engine")).to_have_text("auto")
    expect(ui.main.get_by_role("switch", name="Force (Optional)")).not_to_be_checked()
    expect(ui.main.get_by_role("tab", name="None")).to_have_count(0)


def test_a_run_that_the_form_starts_shows_its_progress_its_document_and_its_files(
    ui: PrefectUI, deployed: Deployed, transcript: str
) -> None:
    ui.open_deployment("docgen")
    ui.open_form()
    ui.fill_in("Transcript", transcript)
    ui.choose("Engine", "extractive")
    ui.fill_in("Language (Optional)", "pt-BR")
    ui.fill_in("Execution id (Optional)", "from-the-form")
    run = ui.submit()
    with deployed.worker():
        ui.await_state("Completed")
    expect(ui.artifact(run, "docgen-progress-from-the-form")).to_contain_text("output 2/2")
    expect(ui.open_artifact(run, "docgen-progress-from-the-form")).to_contain_text("100%")
    document = ui.open_artifact(run, "docgen-document-from-the-form")
    expect(document.get_by_role("heading", name="Resumo")).to_be_visible()
    files = ui.open_artifact(run, "docgen-files-from-the-form")
    bucket = deployed.outputs["OutputBucket"]
    for name in ("document.md", "document.docx", "manifest.json"):
        link = files.get_by_role("link", name=name)
        expect(link).to_have_attribute("href", f"{deployed.aws_url}/{bucket}/from-the-form/{name}")
        deployed.aws("s3").head_object(Bucket=bucket, Key=f"from-the-form/{name}")
