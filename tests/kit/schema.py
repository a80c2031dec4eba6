"""The schema of /sessions.json, to validate a document against."""

import json

import jsonschema

from tests.kit.command import ROOT

SCHEMA = json.loads((ROOT / "docs/sessions.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
