import { isDeepStrictEqual } from "node:util";
import { canonical } from "../../engine/compare.ts";
import { normalDocument } from "../iam/document.ts";

/** The bucket policy that refuses whatever comes without TLS. */
export const tlsOnly = (bucketArn: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "ecomctl-tls-only",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucketArn, `${bucketArn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });

/** A bucket policy in one word where it is ours; any other as its text, so that it shows as drift. */
export function policyIn(text: string | undefined, bucketArn: string): string | null {
  if (!text) return null;
  const form = canonical(normalDocument(text));
  return isDeepStrictEqual(form, canonical(normalDocument(tlsOnly(bucketArn)))) ? "tls-only" : JSON.stringify(form);
}
