import { expect, test } from "vitest";
import { refusalOf, type Violation, violations } from "../../src/local/limits.ts";
import { describeApi } from "../../src/local/wire/smithy.ts";

const said = async (client: Promise<object>, service: string, operation: string, input: object) => {
  const found = await violations(service, operation, input);
  return found.length === 0 ? undefined : refusalOf(describeApi(await client), service, found);
};
const iam = import("@aws-sdk/client-iam");

test("what AWS takes is taken", async () => {
  const role = {
    RoleName: "ecs-task-role_+=,.@x",
    AssumeRolePolicyDocument: "{}",
    Tags: [{ Key: "ecomctl:stack", Value: "" }],
  };
  expect(await violations("iam", "CreateRole", role)).toEqual([]);
  expect(await violations("iam", "NoSuchOperation", {})).toEqual([]);
  expect(await violations("nothing", "CreateRole", {})).toEqual([]);
});

test("a missing member is null in AWS's words", async () => {
  expect(await said(iam, "iam", "CreateRole", { AssumeRolePolicyDocument: "{}" })).toEqual({
    name: "ValidationError",
    message:
      "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null",
  });
});

test("lengths, ranges and patterns are told together", async () => {
  const input = { RoleName: "a b", AssumeRolePolicyDocument: "{}", MaxSessionDuration: 60, Path: "x".repeat(513) };
  const error = await said(iam, "iam", "CreateRole", input);
  expect(error?.message).toMatch(/^4 validation errors detected: /);
  expect(error?.message).toContain(
    "Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression",
  );
  expect(error?.message).toContain("Value '60' at 'maxSessionDuration'");
  expect(error?.message).toContain("Member must have value greater than or equal to 3600");
  expect(error?.message).toContain("Member must have length less than or equal to 512");
});

test("members of lists are counted from one", async () => {
  const error = await said(iam, "iam", "TagRole", {
    RoleName: "r",
    Tags: [
      { Key: "a", Value: "b" },
      { Key: "", Value: "c" },
    ],
  });
  expect(error?.message).toContain(
    "Value '' at 'tags.2.member.key' failed to satisfy constraint: Member must have length",
  );
});

test("each service has its own name for it", async () => {
  const missing: Violation[] = [
    { path: ["Name"], value: null, kind: "required", constraint: "Member must not be null" },
  ];
  const names: [string, Promise<object>, string][] = [
    ["ec2", import("@aws-sdk/client-ec2"), "MissingParameter"],
    ["sqs", import("@aws-sdk/client-sqs"), "MissingParameter"],
    ["sns", import("@aws-sdk/client-sns"), "ValidationError"],
    ["ecs", import("@aws-sdk/client-ecs"), "InvalidParameterException"],
    ["codepipeline", import("@aws-sdk/client-codepipeline"), "ValidationException"],
    ["codebuild", import("@aws-sdk/client-codebuild"), "InvalidInputException"],
    ["servicediscovery", import("@aws-sdk/client-servicediscovery"), "InvalidInput"],
  ];
  for (const [service, client, name] of names) {
    expect(refusalOf(describeApi(await client), service, missing), service).toMatchObject({ name });
  }
});
