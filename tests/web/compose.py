"""compose.py FILE: whether it is YAML of the form that Compose reads; prints it as JSON."""

import json
import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    print(json.dumps(yaml.safe_load(file)))
