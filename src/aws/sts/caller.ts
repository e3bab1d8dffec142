import { defineLookup } from "../kind.ts";

export type CallerSpec = Record<never, never>;

/** Who calls: the account, and the partition (aws, aws-cn, aws-us-gov) that ARNs begin with. */
export const caller = defineLookup<CallerSpec, "account" | "partition">({
  type: "sts:caller",
  outputs: ["account", "partition"],
  async read(aws) {
    const { account, partition } = await aws.identity();
    return { spec: {}, outputs: { account, partition } };
  },
});
