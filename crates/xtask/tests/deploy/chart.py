"""Renders a chart as Helm does, and holds what comes of it against the schemas of Kubernetes.

Reads {"chart": folder, "values": {...}, "kubernetes": [versions]}, and prints the manifests with the names of their
templates. What is wrong ends it.
"""

import functools
import json
import sys

import yaml
from helm_python import Chart, HelmError
from helm_python.chart import lint
from kubernetes_validate import utils

# Of other makers, and in no release of Kubernetes.
OTHERS = "monitoring.coreos.com/v1"

utils.schema_contents = functools.cache(utils.schema_contents)

task = json.load(sys.stdin)
try:
    with Chart.load(task["chart"]) as chart:
        chart.validate_schema(task["values"])
        rendered = chart.render(task["values"], name="prod", namespace="chat")
except HelmError as error:
    sys.exit(str(error))

# 1 is for advice, such as to have an icon.
report = lint(task["chart"], task["values"], strict=True)
complaints = [it for it in report["messages"] if it["severity"] > 1] + report["errors"]
if complaints:
    sys.exit(str(complaints))

manifests = []
for template, text in rendered.items():
    name = template.split("/templates/", 1)[1]
    if name.endswith(".txt"):
        continue
    for manifest in filter(None, yaml.safe_load_all(text)):
        manifests.append({"template": name, "manifest": manifest})
        for version in task["kubernetes"]:
            if manifest["apiVersion"] != OTHERS:
                try:
                    utils.validate(manifest, version, strict=True)
                except (utils.ValidationError, utils.SchemaNotFoundError) as error:
                    sys.exit(f"{name} is not for Kubernetes {version}: {error.message}")
json.dump(manifests, sys.stdout)
