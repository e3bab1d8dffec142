import { createHash, createPrivateKey, randomUUID, X509Certificate } from "node:crypto";
import type {
  ACM,
  CertificateDetail,
  CertificateStatus,
  CertificateSummary,
  Tag,
  ValidationMethod,
} from "@aws-sdk/client-acm";
import { page } from "./page.ts";
import { type Clock, emulate, Refusal } from "./service.ts";

/** A certificate; moments in milliseconds. */
interface Certificate {
  arn: string;
  domain: string;
  alternatives: string[];
  type: "AMAZON_ISSUED" | "IMPORTED";
  method?: ValidationMethod;
  createdAt: number;
  issuedAt: number;
  notBefore: number;
  notAfter: number;
  token?: string;
  serial?: string;
  issuer?: string;
  chain?: string;
  body?: string;
  tags: Record<string, string>;
}

/** Certificates of a region, by ARN. */
export interface AcmState {
  certificates: Record<string, Certificate>;
}

const hour = 3_600_000;
const validity = 395 * 24 * hour;
// With DNS validation AWS issues within half an hour of the record's appearance, commonly in five minutes.
const issuing = 5 * 60_000;
// RequestCertificate with the same token within an hour means the same certificate.
const tokenLife = hour;

function find(state: AcmState, arn: string | undefined): Certificate {
  const certificate = state.certificates[arn ?? ""];
  if (!certificate) throw new Refusal("ResourceNotFoundException", `Could not find certificate ${arn}.`);
  return certificate;
}

function statusOf({ issuedAt, notAfter, type }: Certificate, clock: Clock): CertificateStatus {
  const now = clock.now();
  if (now < issuedAt) return "PENDING_VALIDATION";
  return type === "IMPORTED" && now > notAfter ? "EXPIRED" : "ISSUED";
}

const names = ({ domain, alternatives }: Certificate) => [...new Set([domain, ...alternatives])];
const hash = (text: string) => createHash("md5").update(text).digest("hex");

function detail(certificate: Certificate, clock: Clock): CertificateDetail {
  const status = statusOf(certificate, clock);
  const issued = status !== "PENDING_VALIDATION";
  const { arn, domain, type, method, createdAt } = certificate;
  const common: CertificateDetail = {
    CertificateArn: arn,
    DomainName: domain,
    SubjectAlternativeNames: names(certificate),
    Subject: `CN=${domain}`,
    Status: status,
    Type: type,
    CreatedAt: new Date(createdAt),
    KeyAlgorithm: "RSA_2048",
    SignatureAlgorithm: "SHA256WITHRSA",
    InUseBy: [],
    ...(issued && {
      NotBefore: new Date(certificate.notBefore),
      NotAfter: new Date(certificate.notAfter),
      Serial: certificate.serial,
      Issuer: certificate.issuer ?? "Amazon",
    }),
  };
  if (type === "IMPORTED") {
    return { ...common, ImportedAt: new Date(createdAt), RenewalEligibility: "INELIGIBLE" };
  }
  return {
    ...common,
    ...(issued && { IssuedAt: new Date(certificate.issuedAt) }),
    RenewalEligibility: "INELIGIBLE",
    Options: { CertificateTransparencyLoggingPreference: "ENABLED" },
    DomainValidationOptions: names(certificate).map((name) => ({
      DomainName: name,
      ValidationDomain: name,
      ValidationStatus: issued ? "SUCCESS" : "PENDING_VALIDATION",
      ValidationMethod: method,
      ...(method === "DNS" && {
        ResourceRecord: {
          Name: `_${hash(name)}.${name.replace(/^\*\./, "")}.`,
          Type: "CNAME",
          Value: `_${hash(`${arn} ${name}`)}.acm-validations.aws.`,
        },
      }),
    })),
  };
}

const record = (tags: readonly Tag[] = []) => Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
const newArn = (region: string, account: string) => `arn:aws:acm:${region}:${account}:certificate/${randomUUID()}`;

/** Reads a certificate and checks that the key is its own, as AWS does. */
function parse(certificate: Uint8Array | undefined, key: Uint8Array | undefined): X509Certificate {
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(Buffer.from(certificate ?? []));
  } catch {
    throw new Refusal("ValidationException", "Could not parse certificate.");
  }
  let fits: boolean;
  try {
    fits = parsed.checkPrivateKey(createPrivateKey(Buffer.from(key ?? [])));
  } catch {
    throw new Refusal("ValidationException", "The private key is not supported.");
  }
  if (!fits) throw new Refusal("ValidationException", "The private key does not match the certificate.");
  return parsed;
}

/** Certificate Manager: records only, nothing is signed; a requested certificate is issued after a while, as if its DNS record were there. */
export const acm = emulate<ACM, AcmState>({
  id: "acm",
  initial: () => ({ certificates: {} }),
  load: () => import("@aws-sdk/client-acm"),
  needs: (operation, { CertificateArn }) => [{ action: `acm:${operation}`, resource: String(CertificateArn ?? "*") }],
  handlers: {
    RequestCertificate: (input, { state, account, region, local }) => {
      const now = local.clock.now();
      const { DomainName = "", SubjectAlternativeNames = [], IdempotencyToken } = input;
      const again = Object.values(state.certificates).find(
        ({ token, domain, createdAt }) =>
          token && token === IdempotencyToken && domain === DomainName && now - createdAt < tokenLife,
      );
      if (again) return { CertificateArn: again.arn };
      const arn = newArn(region, account);
      state.certificates[arn] = {
        arn,
        domain: DomainName,
        alternatives: SubjectAlternativeNames,
        type: "AMAZON_ISSUED",
        method: input.ValidationMethod ?? "EMAIL",
        createdAt: now,
        issuedAt: now + local.lasts(issuing),
        notBefore: now,
        notAfter: now + validity,
        token: IdempotencyToken,
        tags: record(input.Tags),
      };
      return { CertificateArn: arn };
    },

    ImportCertificate: (input, { state, account, region, local }) => {
      const old = input.CertificateArn ? find(state, input.CertificateArn) : undefined;
      const parsed = parse(input.Certificate, input.PrivateKey);
      const alternatives = [...(parsed.subjectAltName ?? "").matchAll(/DNS:([^,\s]+)/g)].map(([, name = ""]) => name);
      const now = local.clock.now();
      const arn = old?.arn ?? newArn(region, account);
      state.certificates[arn] = {
        arn,
        domain: /CN=([^\n]+)/.exec(parsed.subject)?.[1] ?? alternatives[0] ?? "",
        alternatives,
        type: "IMPORTED",
        createdAt: old?.createdAt ?? now,
        issuedAt: now,
        notBefore: Date.parse(parsed.validFrom),
        notAfter: Date.parse(parsed.validTo),
        serial: parsed.serialNumber.toLowerCase().match(/../g)?.join(":"),
        issuer: /(?:^|\n)O=([^\n]+)/.exec(parsed.issuer)?.[1],
        body: parsed.toString(),
        chain: input.CertificateChain && Buffer.from(input.CertificateChain).toString(),
        tags: old?.tags ?? record(input.Tags),
      };
      return { CertificateArn: arn };
    },

    DescribeCertificate: ({ CertificateArn }, { state, local }) => ({
      Certificate: detail(find(state, CertificateArn), local.clock),
    }),

    ListCertificates: ({ CertificateStatuses, MaxItems, NextToken }, { state, local }) => {
      const fitting = Object.values(state.certificates).filter(
        (one) => !CertificateStatuses?.length || CertificateStatuses.includes(statusOf(one, local.clock)),
      );
      const { items, next } = page(fitting, ({ arn }) => arn, MaxItems ?? 100, NextToken);
      return { CertificateSummaryList: items.map((one) => summary(one, local.clock)), NextToken: next };
    },

    DeleteCertificate: ({ CertificateArn }, { state }) => {
      delete state.certificates[find(state, CertificateArn).arn];
    },

    ListTagsForCertificate: ({ CertificateArn }, { state }) => ({
      Tags: Object.entries(find(state, CertificateArn).tags).map(([Key, Value]) => ({ Key, Value })),
    }),

    AddTagsToCertificate: ({ CertificateArn, Tags }, { state }) => {
      Object.assign(find(state, CertificateArn).tags, record(Tags));
    },

    RemoveTagsFromCertificate: ({ CertificateArn, Tags = [] }, { state }) => {
      const { tags } = find(state, CertificateArn);
      // A value that is given must be the tag's; without one the key alone decides.
      for (const { Key = "", Value } of Tags) if (Value === undefined || tags[Key] === Value) delete tags[Key];
    },
  },
});

function summary(certificate: Certificate, clock: Clock): CertificateSummary {
  const { CertificateArn, DomainName, Status, Type, CreatedAt, NotBefore, NotAfter, IssuedAt, ImportedAt } = detail(
    certificate,
    clock,
  );
  return {
    ...{ CertificateArn, DomainName, Status, Type, CreatedAt, NotBefore, NotAfter, IssuedAt, ImportedAt },
    SubjectAlternativeNameSummaries: names(certificate),
    HasAdditionalSubjectAlternativeNames: false,
    KeyAlgorithm: "RSA_2048",
    InUse: false,
    RenewalEligibility: "INELIGIBLE",
  };
}
