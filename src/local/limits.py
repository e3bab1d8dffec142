#!/usr/bin/env python3
"""Derives limits.json from botocore's models: what AWS demands of the input of every operation that has a handler here.

    python3 src/local/limits.py        (needs botocore, which comes with the aws CLI, and this project's node_modules)
"""
import json
import pathlib
import subprocess

import botocore.session

HERE = pathlib.Path(__file__).parent
BOTOCORE_NAME = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
# What AWS itself does not hold to, or words in a way of its own: checked by the handlers.
ONLY_REQUIRED = {"ec2", "sqs"}
NOT_ENFORCED = {
    ("dynamodb", "pattern"),
    # Names in DynamoDB may be ARNs since 2024; the bounds of both are checked by the engine.
    ("dynamodb", "min"),
    ("dynamodb", "max"),
}
MAX_BOUND = 2**31 - 1

LIST_HANDLERS = """
import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
const dir = mkdtempSync("node_modules/.limits-");
await build({ entryPoints: ["src/local/services.ts"], bundle: true, platform: "node", format: "esm", packages: "external", outfile: dir + "/services.mjs", logLevel: "error" });
const { allServices } = await import(process.cwd() + "/" + dir + "/services.mjs");
console.log(JSON.stringify(Object.fromEntries((await allServices()).map((s) => [s.id, Object.keys(s.handlers).sort()]))));
rmSync(dir, { recursive: true });
process.exit(0);
"""
USABLE_PATTERNS = """
import { readFileSync } from "node:fs";
const compiles = (p, flags) => { try { new RegExp("^(?:" + p + ")$", flags); return true; } catch { return false; } };
const usable = (p) => compiles(p, "u") || (!/\\\\p\\{|\\(\\?[a-z]|\\[\\[:|\\\\[AZz]|&&\\[/.test(p) && compiles(p, ""));
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).filter(usable)));
"""


def node(program, text=""):
    run = ["node", "--input-type=module", "-e", program]
    done = subprocess.run(run, input=text, capture_output=True, text=True, cwd=HERE.parent.parent, check=True)
    return json.loads(done.stdout)


class Table:
    """The limits of one service: shapes by name, each only if something is limited in it."""

    def __init__(self, service, patterns):
        self.service, self.patterns, self.shapes = service, patterns, {}

    def own(self, shape):
        """Limits on the value itself."""
        kind, meta, limits = shape.type_name, shape.metadata, {}
        if self.service in ONLY_REQUIRED:
            return limits
        if kind in ("string", "list", "map", "integer", "long", "float", "double"):
            for bound in ("min", "max"):
                value = meta.get(bound)
                trivial = bound == "min" and value == 0 and kind in ("string", "list", "map")
                if value is None or trivial or value >= MAX_BOUND or (self.service, bound) in NOT_ENFORCED:
                    continue
                limits[bound] = value
        if kind == "string":
            if meta.get("enum"):
                limits["enum"] = meta["enum"]
            pattern = meta.get("pattern")
            if pattern in self.patterns and not limits.get("enum") and (self.service, "pattern") not in NOT_ENFORCED:
                if pattern not in (".*", "[\\s\\S]*", "(?s).*"):
                    limits["pattern"] = pattern
        return limits

    def add(self, shape, above=()):
        """Enters a shape and returns its name, or None if nothing in it is limited."""
        if shape.name in self.shapes or shape.name in above:
            return shape.name
        limits, above = self.own(shape), (*above, shape.name)
        if shape.type_name == "structure":
            members = {name: self.add(member, above) for name, member in shape.members.items()}
            members = {name: member for name, member in members.items() if member}
            limits.update({"required": shape.required_members} if shape.required_members else {})
            limits.update({"members": members} if members else {})
        elif shape.type_name == "list":
            item = self.add(shape.member, above)
            limits.update({"item": item} if item else {})
        elif shape.type_name == "map":
            for part, inner in (("key", shape.key), ("value", shape.value)):
                found = self.add(inner, above)
                limits.update({part: found} if found else {})
        if not limits:
            return None
        self.shapes[shape.name] = limits
        return shape.name


def every_pattern(model):
    return {s.metadata["pattern"] for s in map(model.shape_for, model.shape_names) if "pattern" in s.metadata}


def main():
    session, result = botocore.session.get_session(), {}
    for service, operations in node(LIST_HANDLERS).items():
        model = session.get_service_model(BOTOCORE_NAME.get(service, service))
        table = Table(service, set(node(USABLE_PATTERNS, json.dumps(sorted(every_pattern(model))))))
        inputs = {}
        for name in operations:
            shape = model.operation_model(name).input_shape if name in model.operation_names else None
            entered = shape and table.add(shape)
            if entered:
                inputs[name] = entered
        result[service] = {"operations": inputs, "shapes": dict(sorted(table.shapes.items()))}
    # A service a line: small, and a change is seen where it is.
    lines = [f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in sorted(result.items())]
    (HERE / "limits.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
