import { expect, test } from "vitest";
import { admits } from "../../src/local/sqs/policy.ts";

const queue = "arn:aws:sqs:us-east-1:000000000000:OrderQueue";
const topic = "arn:aws:sns:us-east-1:000000000000:ecommerce-events";
const request = {
  service: "sns.amazonaws.com",
  action: "sqs:SendMessage",
  resource: queue,
  context: { "aws:SourceArn": topic, "aws:SecureTransport": "true" },
};
const allow = {
  Effect: "Allow",
  Principal: { Service: "sns.amazonaws.com" },
  Action: "sqs:SendMessage",
  Resource: queue,
};
const cases: [string, object | object[], boolean][] = [
  ["the service", allow, true],
  ["everybody", { ...allow, Principal: "*" }, true],
  ["everybody in an account's words", { ...allow, Principal: { AWS: "*" } }, true],
  ["another service", { ...allow, Principal: { Service: "events.amazonaws.com" } }, false],
  ["an account is no service", { ...allow, Principal: { AWS: "arn:aws:iam::000000000000:root" } }, false],
  ["any action", { ...allow, Action: "SQS:*" }, true],
  ["another action", { ...allow, Action: ["sqs:ReceiveMessage"] }, false],
  ["any resource", { ...allow, Resource: "*" }, true],
  ["another queue", { ...allow, Resource: `${queue}-dev` }, false],
  ["this topic", { ...allow, Condition: { ArnEquals: { "aws:SourceArn": topic } } }, true],
  ["a pattern of topics", { ...allow, Condition: { ArnLike: { "AWS:sourcearn": "arn:aws:sns:*:*:ecom*" } } }, true],
  ["one of several topics", { ...allow, Condition: { StringEquals: { "aws:SourceArn": ["x", topic] } } }, true],
  ["another topic", { ...allow, Condition: { ArnEquals: { "aws:SourceArn": `${topic}-dev` } } }, false],
  ["a key that is not there", { ...allow, Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } } }, false],
  ["… unless it need not be", { ...allow, Condition: { StringEqualsIfExists: { "aws:PrincipalOrgID": "o-1" } } }, true],
  ["an operator nobody knows", { ...allow, Condition: { Resembles: { "aws:SourceArn": topic } } }, false],
  [
    "a denial outweighs",
    [allow, { ...allow, Effect: "Deny", Principal: "*", Condition: { StringNotEquals: { "aws:SourceArn": "x" } } }],
    false,
  ],
  [
    "a denial of plain HTTP does not apply",
    [
      allow,
      {
        ...allow,
        Effect: "Deny",
        Principal: "*",
        Action: "sqs:*",
        Condition: { Bool: { "aws:SecureTransport": false } },
      },
    ],
    true,
  ],
];
test.each(cases)("a policy that admits %s", (_, Statement, expected) => {
  expect(admits(JSON.stringify({ Statement }), request)).toBe(expected);
});

test("no policy admits nobody", () => {
  expect(admits(undefined, request)).toBe(false);
});
