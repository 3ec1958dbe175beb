"""Prints how large a template is once SAM has transformed it: its resources, and its bytes as JSON."""

import json
import sys

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        # Where `sam deploy` puts the code.
        resource["Properties"]["CodeUri"] = "s3://a-bucket-of-the-deployment/stack/0123456789abcdef0123456789abcdef"
transformed = Translator({}, Parser()).translate(template, {})
text = json.dumps(transformed, separators=(",", ":"))
json.dump({"resources": len(transformed["Resources"]), "bytes": len(text.encode())}, sys.stdout)
