"""The page in Debian's Chromium: opened from disk, worked by keyboard, on a phone, in the dark, on paper."""

import base64
import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from streams.runs.folder import CLUSTERS
from streams.runs.report import write_report
from tests.streams.runs.report import runs

PATIENCE_S = 60
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="NO CHROMIUM HERE: the report is not looked at; install chromium-driver"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    return write_report(runs.run(folder), folder / "run.html").as_uri()


def make_browser(**emulated):
    options = Options()
    options.binary_location = CHROMIUM
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
    ):
        options.add_argument(word)
    if emulated:
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": emulated, "userAgent": "phone"})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.command_executor.client_config.timeout = PATIENCE_S  # a browser that dies would be awaited for ever
    return driver


@pytest.fixture(scope="module")
def browser():
    driver = make_browser()
    yield driver
    driver.quit()


def opened(driver, page):
    driver.get(page)
    wait(driver, lambda: driver.execute_script("return document.documentElement.dataset.ready") == "true")
    return driver


def wait(driver, condition):
    WebDriverWait(driver, PATIENCE_S, poll_frequency=0.05).until(lambda _: condition())


def rows(driver):
    return [row.text for row in driver.find_elements(By.CSS_SELECTOR, "#table tbody tr")]


def title(driver):
    return driver.find_element(By.ID, "rumour-title").text


def test_a_run_under_a_budget_says_how_many_were_alerted_late_or_not_at_all(browser, page, tmp_path):
    held = runs.run(tmp_path, None, "policy.openings_a_day=0.5")
    withheld = held.manifest.counts.withheld
    assert withheld > 0
    opened(browser, write_report(held, tmp_path / "run.html").as_uri())
    said = f"{withheld} alerted late or not at all because of the alert budget."
    assert browser.find_element(By.ID, "summary").text.endswith(said)
    opened(browser, page)
    assert "budget" not in browser.find_element(By.ID, "summary").text


def test_it_opens_from_disk_without_an_error_and_asks_for_nothing(browser, page):
    opened(browser, page)
    assert browser.get_log("browser") == []
    asked = [one["message"] for one in browser.get_log("performance") if "Network.requestWillBeSent" in one["message"]]
    assert all('"url":"file:' in one or '"url":"data:' in one or '"url":"blob:' in one for one in asked)
    assert browser.title.startswith("Hearsay report")
    assert len(rows(browser)) == 4


def test_a_hostile_message_is_read_and_does_nothing(browser, page):
    opened(browser, page)
    assert any("</script><script>" in row for row in rows(browser))
    assert browser.find_elements(By.CSS_SELECTOR, "img") == []
    assert browser.title.startswith("Hearsay report")


def test_a_cluster_with_the_same_address_under_other_words_is_linked(browser, tmp_path):
    run = runs.run(tmp_path, runs.captions("https://news.example/lighthouse-keeper-resigns", 30))
    alert = list(run.alerts())[-1]
    other = next(one for one in run.table(CLUSTERS)["cluster_id"].to_pylist() if one != alert.cluster_id)
    opened(browser, f"{write_report(run, tmp_path / 'run.html').as_uri()}#{alert.cluster_id[:12]}")
    linked = [item.text for item in browser.find_elements(By.CSS_SELECTOR, "#rumour-body > ul.note li")]
    assert linked == [f"Linked: the same address under other words: cluster {other[:12]}"]


def test_a_cluster_alone_has_no_list_of_links(browser, page):
    opened(browser, page)
    assert browser.find_element(By.CSS_SELECTOR, "#rumour blockquote")
    assert browser.find_elements(By.CSS_SELECTOR, "#rumour-body > ul.note") == []
    words = "return [...document.querySelector('#rumour-body').childNodes].filter(one => one.nodeType === 3).length"
    assert browser.execute_script(words) == 0


def test_the_platforms_of_a_rumour_are_listed_with_the_lag_and_the_match(browser, page, tmp_path):
    run = runs.run(tmp_path, runs.jump(20))
    (cluster,) = {alert.cluster_id for alert in run.alerts()}
    opened(browser, f"{write_report(run, tmp_path / 'run.html').as_uri()}#{cluster[:12]}")
    table = browser.find_element(By.XPATH, "//h3[text()='Across platforms']/following-sibling::div[1]")
    lines = table.find_elements(By.CSS_SELECTOR, "tbody tr")
    cells = [[cell.text for cell in line.find_elements(By.TAG_NAME, "td")] for line in lines]
    telegram, whatsapp = cells  # the two further platforms have too few posts
    assert (telegram[0], telegram[2:]) == ("telegram", ["—", "first share of the cluster"])
    assert (whatsapp[0], whatsapp[2:]) == ("whatsapp", ["6 min 48 s", "equal text"])
    opened(browser, page)
    assert browser.find_elements(By.XPATH, "//h3[text()='Across platforms']") == []


def test_every_chart_is_drawn(browser, page):
    opened(browser, page)
    count = "return [...document.querySelectorAll('.chart canvas')].filter(one => one.width > 100).length"
    wait(browser, lambda: browser.execute_script(count) >= 3)


def test_the_table_is_sorted_and_filtered_by_keyboard_alone(browser, page):
    opened(browser, page)
    by_sharers = browser.find_elements(By.CSS_SELECTOR, "#table th button")[2]
    browser.execute_script("arguments[0].focus()", by_sharers)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    counts = [
        int(row.find_elements(By.TAG_NAME, "td")[2].text)
        for row in browser.find_elements(By.CSS_SELECTOR, "#table tbody tr")
    ]
    assert counts == sorted(counts, reverse=True)
    assert browser.find_elements(By.CSS_SELECTOR, "#table th")[2].get_attribute("aria-sort") == "descending"
    find = browser.find_element(By.ID, "find")
    find.send_keys("पटना")
    wait(browser, lambda: len(rows(browser)) == 1)
    assert browser.find_element(By.ID, "count").text == "1 of 4"
    link = browser.find_element(By.CSS_SELECTOR, "#table tbody a")
    browser.execute_script("arguments[0].focus()", link)
    link.send_keys(Keys.ENTER)
    wait(browser, lambda: runs.HINDI in browser.find_element(By.CSS_SELECTOR, "#rumour blockquote").text)
    wait(browser, lambda: browser.switch_to.active_element.get_attribute("id") == "rumour")


def test_an_address_leads_to_one_rumour(browser, page):
    first = opened(browser, page).find_elements(By.CSS_SELECTOR, "#table tbody tr")[-1].get_attribute("data-id")
    browser.get("about:blank")
    opened(browser, f"{page}#{first[:12]}")
    assert title(browser) == f"Cluster {first[:12]}"


def test_what_a_wording_changes_is_marked(browser, page):
    opened(browser, page)
    for row in browser.find_elements(By.CSS_SELECTOR, "#table tbody tr"):
        if "poisoned the river" in row.text:
            browser.get(f"{page}#{row.get_attribute('data-id')}")
            break
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#rumour ins"))
    assert "before 9 tonight" in "".join(one.text for one in browser.find_elements(By.CSS_SELECTOR, "#rumour ins"))
    assert "changed number" in browser.find_element(By.ID, "rumour").text


def test_each_script_runs_in_its_own_direction(browser, page):
    opened(browser, page)
    directions = browser.execute_script(
        "return Object.fromEntries([...document.querySelectorAll('#table tbody a')]"
        ".map(one => [one.textContent, getComputedStyle(one).direction]))"
    )
    of = {text[:4]: direction for text, direction in directions.items()}
    assert of[runs.URDU[:4]] == "rtl"
    assert of[runs.HINDI[:4]] == "ltr"


def test_in_the_dark_the_page_and_its_charts_are_dark(browser, page):
    opened(browser, page)
    paper = lambda: browser.execute_script("return getComputedStyle(document.body).backgroundColor")  # noqa: E731
    light = paper()
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    try:
        wait(browser, lambda: paper() != light)
        assert sum(map(int, paper().removeprefix("rgb(").removesuffix(")").split(","))) < 150
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_it_prints(browser, page):
    opened(browser, page)
    paper = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert base64.b64decode(paper["data"]).startswith(b"%PDF")


def test_on_a_phone_nothing_hangs_over_the_edge(page):
    phone = make_browser(width=390, height=844, pixelRatio=2.0)
    try:
        opened(phone, page)
        assert phone.execute_script("return document.documentElement.scrollWidth") <= 390
        assert phone.get_log("browser") == []
    finally:
        phone.quit()


def test_a_screen_reader_has_a_name_for_each_thing(browser, page):
    opened(browser, page)
    unnamed = browser.execute_script(
        "return [...document.querySelectorAll('button, a, input, select, [role=img]')].filter(one =>"
        " !(one.textContent.trim() || one.getAttribute('aria-label') || one.closest('label'))).length"
    )
    assert unnamed == 0
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    levels = [one.tag_name for one in browser.find_elements(By.CSS_SELECTOR, "h1, h2, h3")]
    assert levels[0] == "h1"
    assert levels.count("h1") == 1
