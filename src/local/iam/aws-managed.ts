import policies from "./aws-managed.json" with { type: "json" };

/** A managed policy of AWS's, with the document AWS publishes. */
export interface ManagedPolicy {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  readonly version: string;
  readonly created: number;
  readonly document: string;
}

const known = new Map<string, ManagedPolicy>(
  Object.entries(policies).map(([place, { version, created, document }]) => {
    const arn = `arn:aws:iam::aws:policy${place}`;
    const cut = place.lastIndexOf("/") + 1;
    const name = place.slice(cut);
    const path = place.slice(0, cut);
    return [arn, { name, path, arn, version, created: Date.parse(created), document: JSON.stringify(document) }];
  }),
);

/** The AWS-managed policy with this ARN, of those that matter to a container platform. */
export const managedPolicy = (arn: string): ManagedPolicy | undefined => known.get(arn);

/** All of them. */
export const managedPolicies = (): readonly ManagedPolicy[] => [...known.values()];
