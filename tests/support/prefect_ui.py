"""A person in the Prefect UI: a headless Chromium that logs in, fills forms in and reads pages.

Things are found as a person finds them, by their role, label and words; every step waits for what it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.support.browser import chromium

PATIENCE_SECONDS = 120
"""With a page; nothing is decided by it."""


@dataclass(frozen=True, slots=True)
class PrefectUI:
    """The UI of a server, as one person has it open.

    Attributes:
        page: The open page.
        address: The server's.
    """

    page: Page
    address: str

    @property
    def main(self) -> Locator:
        """The page without its navigation."""
        return self.page.get_by_role("main")

    def log_in(self, login: str) -> None:
        """Give the server's `user:password`, and see the dashboard."""
        self.page.goto(self.address)
        self.page.get_by_placeholder("admin:pass").fill(login)
        self.page.get_by_role("button", name="Login").click()
        expect(self.page.get_by_role("link", name="Deployments")).to_be_visible()

    def open_deployment(self, name: str) -> None:
        """Find a deployment in the list, and open its page."""
        self.page.get_by_role("listitem").get_by_role("link", name="Deployments").first.click()
        row = self.main.get_by_role("row").filter(has=self.page.get_by_role("link", name=name, exact=True))
        row.get_by_role("link", name=name, exact=True).first.click()
        expect(self.main.get_by_role("button", name="Run", exact=True)).to_be_visible()

    def open_form(self) -> None:
        """Ask for a custom run of the open deployment."""
        self.main.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Custom run").click()
        expect(self.main.get_by_role("button", name="Submit")).to_be_visible()

    def fill_in(self, title: str, text: str) -> None:
        """Write into a field of the form."""
        self.main.get_by_label(title, exact=True).fill(text)

    def choose(self, title: str, option: str) -> None:
        """Choose one of a field's values."""
        self.main.get_by_role("button", name=f"Select {title}").click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def submit(self) -> str:
        """Start the run of the form, and open its page; the page's address."""
        self.main.get_by_role("button", name="Submit").click()
        self.page.get_by_role("button", name="View run").click()
        expect(self.main.get_by_role("tab", name="Logs")).to_be_visible()
        return self.page.url

    def await_state(self, state: str) -> None:
        """Look at the open run until its state is this one."""
        expect(self.main.get_by_text(state, exact=True).first).to_be_visible()

    def artifact(self, run: str, key: str) -> Locator:
        """The card of an artifact, on the page of a run, which shows new ones after loading only.

        Args:
            run: Address of the run's page.
            key: The artifact's.
        """
        self.page.goto(run)
        tab = self.main.get_by_role("tab", name="Artifacts")
        expect(tab).to_be_visible()
        tab.click()
        heading = self.page.get_by_role("heading", name=key, exact=True)
        card = self.main.get_by_role("link").filter(has=heading)
        expect(card).to_be_visible()
        return card

    def open_artifact(self, run: str, key: str) -> Locator:
        """Open an artifact of a run; its content."""
        self.artifact(run, key).click()
        expect(self.main.get_by_text(f"Created {key}")).to_be_visible()
        self.main.locator("a[href*='/artifacts/artifact/']").first.click()
        content = self.main.get_by_role("tabpanel", name="Artifact")
        expect(content).to_be_visible()
        return content


@contextmanager
def open_prefect_ui(address: str, *, dark: bool = False) -> Iterator[PrefectUI]:
    """A browser of its own, at a server's UI.

    Args:
        address: The server's.
        dark: Whether the person likes dark pages.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            page = browser.new_page(
                viewport={"width": 1280, "height": 900}, color_scheme="dark" if dark else "light"
            )
            page.set_default_timeout(PATIENCE_SECONDS * 1000)
            expect.set_options(timeout=PATIENCE_SECONDS * 1000)
            yield PrefectUI(page, address)
        finally:
            browser.close()
