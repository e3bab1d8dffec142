import type { Tag } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { together } from "../together.ts";

/** The tags of a load balancer or target group: one call for up to 20 of them. */
export const tagsOf = together<Aws, Tag[]>(20, async (aws, arns) => {
  const found = await unlessAbsent(
    aws.elbv2.describeTags({ ResourceArns: [...arns] }),
    "LoadBalancerNotFound",
    "TargetGroupNotFound",
  );
  return new Map(found?.TagDescriptions?.map(({ ResourceArn = "", Tags = [] }) => [ResourceArn, Tags]));
});
