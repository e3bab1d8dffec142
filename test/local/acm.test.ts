import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ACM } from "@aws-sdk/client-acm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acm } from "../../src/local/acm.ts";
import { testClock } from "../../src/local/clock.ts";
import { type LocalServer, startLocal } from "../../src/local/server.ts";

let dir: string;
let local: LocalServer;
let client: ACM;
const clock = testClock();

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ecomctl-acm-"));
  local = await startLocal({ dir, port: 0, services: [acm], clock, waits: "aws" });
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  client = new ACM({ endpoint: local.url, region: "us-east-1", credentials, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await local.stop();
  rmSync(dir, { recursive: true });
});

test("a requested certificate tells its DNS record, and is issued after a while", async () => {
  const { CertificateArn } = await client.requestCertificate({
    DomainName: "shop.example.com",
    SubjectAlternativeNames: ["*.shop.example.com"],
    ValidationMethod: "DNS",
  });
  const before = (await client.describeCertificate({ CertificateArn })).Certificate;
  expect(before).toMatchObject({
    Status: "PENDING_VALIDATION",
    SubjectAlternativeNames: ["shop.example.com", "*.shop.example.com"],
  });
  expect(before?.DomainValidationOptions?.[0]?.ResourceRecord).toMatchObject({ Type: "CNAME" });
  clock.advance(300_000);
  expect((await client.describeCertificate({ CertificateArn })).Certificate).toMatchObject({ Status: "ISSUED" });
  const { CertificateSummaryList } = await client.listCertificates({ CertificateStatuses: ["ISSUED"] });
  expect(CertificateSummaryList).toMatchObject([{ CertificateArn, DomainName: "shop.example.com" }]);
});

test("the same token means the same certificate", async () => {
  const request = { DomainName: "a.example.com", IdempotencyToken: "once" };
  const { CertificateArn } = await client.requestCertificate(request);
  expect((await client.requestCertificate(request)).CertificateArn).toBe(CertificateArn);
  expect((await client.requestCertificate({ DomainName: "a.example.com" })).CertificateArn).not.toBe(CertificateArn);
});

test("what is no certificate is not imported", async () => {
  const imported = client.importCertificate({ Certificate: Buffer.from("x"), PrivateKey: Buffer.from("y") });
  await expect(imported).rejects.toMatchObject({
    name: "ValidationException",
    message: "Could not parse certificate.",
  });
});

test("tags, deletion, and what is not found", async () => {
  const { CertificateArn } = await client.requestCertificate({
    DomainName: "a.example.com",
    Tags: [{ Key: "a", Value: "1" }],
  });
  await client.addTagsToCertificate({ CertificateArn, Tags: [{ Key: "b", Value: "2" }] });
  await client.removeTagsFromCertificate({ CertificateArn, Tags: [{ Key: "a" }] });
  expect((await client.listTagsForCertificate({ CertificateArn })).Tags).toEqual([{ Key: "b", Value: "2" }]);
  await client.deleteCertificate({ CertificateArn });
  await expect(client.describeCertificate({ CertificateArn })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
});
