import { Problem } from "../../engine/problem.ts";
import { unlessAbsent } from "../errors.ts";
import { defineLookup } from "../kind.ts";

export type CertificateSpec = {
  /** Its ARN. */
  readonly arn: string;
};

/** A certificate that is there already, in this region, and issued. */
export const certificate = defineLookup<CertificateSpec, "arn">({
  type: "acm:certificate",
  outputs: ["arn"],
  missing: 'mend "certificate" in ecomctl.json: the ARN of a certificate of this region',

  async read(aws, _name, want) {
    const found = await unlessAbsent(aws.acm.describeCertificate({ CertificateArn: want.arn }), "ResourceNotFound");
    const status = found?.Certificate?.Status;
    if (!status) return undefined;
    if (status !== "ISSUED") {
      const next = "finish its validation, and run the command again";
      throw new Problem(
        "certificate-not-issued",
        `the certificate ${want.arn} cannot be used`,
        `it is ${status}`,
        next,
      );
    }
    return { spec: want, outputs: { arn: want.arn } };
  },
});
