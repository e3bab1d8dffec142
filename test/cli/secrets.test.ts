import { expect, it } from "vitest";
import { withoutSecrets } from "../../src/cli/secrets.ts";

const env = {
  AWS_ACCESS_KEY_ID: "AKIAPLANTED000000000",
  AWS_SECRET_ACCESS_KEY: "planted/secret+key/0123456789",
  AWS_SESSION_TOKEN: "planted-session-token==",
};

it.each([
  `the key ${env.AWS_ACCESS_KEY_ID}, its secret ${env.AWS_SECRET_ACCESS_KEY}, and ${env.AWS_SESSION_TOKEN}`,
  "x-amz-security-token:planted-by-a-role",
  '"X-Amz-Security-Token": "planted-by-a-role"',
  "AWS4-HMAC-SHA256 Credential=ASIAPLANTED000000000/20260101/x, SignedHeaders=host, Signature=planted0123abcdef",
  "https://example.com/?X-Amz-Credential=planted%2F2026&X-Amz-Signature=planted012",
])("a secret does not pass: %s", (text) => {
  expect(withoutSecrets(text, env)).not.toMatch(/planted(?!-$)/i);
});

it("the made-up keys of an emulator do not take letters out of words", () => {
  const text = "export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x, for example";
  expect(withoutSecrets(text, { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x" })).toBe(text);
});
