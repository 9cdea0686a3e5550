"""The alert rules, the dashboard and the runbook: a rule fires when it should and not else, and all name what there is.

That what they name is really exported is test_metrics.py's to show.
"""
import copy
import glob
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from lab import TOP

PROMETHEUS = os.path.join(TOP, "etc", "prometheus")
RULES = os.path.join(PROMETHEUS, "camrelay.rules.yml")
CASES = os.path.join(TOP, "tests", "integration", "prometheus", "camrelay.yml")
DASHBOARDS = glob.glob(os.path.join(TOP, "etc", "grafana", "*.json"))


def promtool(*arguments):
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False)


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def rules():
    return [rule for group in yaml.safe_load(read(RULES))["groups"] for rule in group["rules"]]


def cases(alert):
    return [case for case in yaml.safe_load(read(CASES))["tests"] if case["name"].startswith(f"{alert}:")]


def documented():
    """{name: its type} as docs/metrics.md has them."""
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", read("docs", "metrics.md"), re.M))


def metrics_in(expression):
    return re.findall(r"\b(?:camrelay|process)_\w+", expression)


# ---- rules ----

def test_promtool_accepts_rules_and_scrape_configuration():
    for kind, path in (("rules", RULES), ("config", os.path.join(PROMETHEUS, "prometheus.yml"))):
        done = promtool("check", kind, path)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_fires_and_does_not_as_its_cases_say():
    done = promtool("test", "rules", CASES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", [rule["alert"] for rule in rules()])
def test_a_rule_has_cases_for_both_and_they_notice_when_it_is_another(alert, tmp_path):
    """A rule that never fires, and one that always does, must both fail."""
    checks = [check for case in cases(alert) for check in case["promql_expr_test"]]
    assert any(check["exp_samples"] for check in checks) and any(not check["exp_samples"] for check in checks)
    shutil.copytree(os.path.dirname(CASES), tmp_path / "a" / "b" / "c")
    os.makedirs(tmp_path / "etc" / "prometheus")
    case_file = tmp_path / "a" / "b" / "c" / "camrelay.yml"
    whole = yaml.safe_load(read(CASES))
    case_file.write_text(yaml.safe_dump({**whole, "tests": cases(alert)}), encoding="utf-8")
    for expression in ("vector(0) > 1", "vector(1)"):
        other = copy.deepcopy(yaml.safe_load(read(RULES)))
        next(rule for rule in other["groups"][0]["rules"] if rule["alert"] == alert)["expr"] = expression
        (tmp_path / "etc" / "prometheus" / "camrelay.rules.yml").write_text(yaml.safe_dump(other), encoding="utf-8")
        assert promtool("test", "rules", str(case_file)).returncode != 0, expression


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_says_what_it_is_and_where_to_read_on(rule):
    assert re.fullmatch(r"Camrelay[A-Z][A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    said = rule["annotations"]
    assert said["summary"].strip() and said["description"].strip()
    page, _, section = said["runbook_url"].partition("#")
    assert page.endswith("/runbook.md") and section == rule["alert"].lower()
    assert f"\n## {rule['alert']}\n" in read("docs", "runbook.md")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_names_metrics_that_there_are(rule):
    assert set(metrics_in(rule["expr"])) <= set(documented())


def test_the_runbook_has_a_section_for_each_alert_and_no_other():
    sections = re.findall(r"^## (Camrelay\w+)$", read("docs", "runbook.md"), re.M)
    assert sections == [rule["alert"] for rule in rules()]


# ---- the dashboard: the rules of Grafana's linter ----

def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


@pytest.fixture(name="dashboard", params=DASHBOARDS, ids=os.path.basename)
def each_dashboard(request):
    return json.loads(read(request.param))


def test_a_dashboard_is_found_again_and_is_not_edited(dashboard):
    assert re.fullmatch(r"camrelay-[a-z-]+", dashboard["uid"]) and dashboard["editable"] is False
    assert re.fullmatch(r"Camrelay / \w.*", dashboard["title"]) and "camrelay" in dashboard["tags"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)


def test_data_source_job_and_instance_can_be_chosen(dashboard):
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    for name in ("job", "instance", "camera"):
        variable = variables[name]
        assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (True, True, ".+")
        assert variable["refresh"] == 2, "on a change of the time range"
        assert variable["datasource"]["uid"] == "${datasource}"
        assert set(metrics_in(variable["definition"])) <= set(documented())


def test_each_panel_says_what_it_shows_in_which_unit(dashboard):
    assert panels(dashboard)
    for panel in panels(dashboard):
        assert panel["title"] and panel["description"].endswith("."), panel["id"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]


def test_each_query_is_of_what_was_chosen_and_rates_are_as_wide_as_scrapes_allow(dashboard):
    kinds = documented()
    for panel in panels(dashboard):
        for target in panel["targets"]:
            expression = target["expr"]
            names = metrics_in(expression)
            assert names and set(names) <= set(kinds), expression
            assert expression.count('job=~"$job", instance=~"$instance"') == len(names), expression
            counters = [name for name in names if kinds[name] == "counter"]
            assert len(re.findall(r"\b(?:rate|increase)\(", expression)) == len(counters), expression
            for width in re.findall(r"\[([^]]+)\]", expression):
                assert width == "$__rate_interval" or panel["type"] == "stat", expression


def test_panels_do_not_lie_on_one_another(dashboard):
    taken = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
