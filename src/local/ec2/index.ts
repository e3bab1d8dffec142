import type { EC2 } from "@aws-sdk/client-ec2";
import { emulate } from "../service.ts";
import { groups } from "./groups.ts";
import { interfaces } from "./interfaces.ts";
import { permissions } from "./permissions.ts";
import { places } from "./places.ts";
import { gateways, routes } from "./routes.ts";
import { type Ec2State, ec2Keeper } from "./state.ts";
import { tags } from "./tags.ts";
import { vpcs } from "./vpcs.ts";

/** EC2's network: VPCs, subnets, routes, security groups and interfaces. It has no instances. */
export const ec2 = emulate<EC2, Ec2State>({
  ...ec2Keeper,
  load: () => import("@aws-sdk/client-ec2"),
  handlers: { ...vpcs, ...gateways, ...routes, ...groups, ...permissions, ...interfaces, ...tags, ...places },
  // Describe actions know no resources.
  needs: (operation, input, { region, account }) => {
    const group = typeof input.GroupId === "string" && !operation.startsWith("Describe") ? input.GroupId : undefined;
    const resource = group === undefined ? "*" : `arn:aws:ec2:${region}:${account}:security-group/${group}`;
    return [{ action: `ec2:${operation}`, resource }];
  },
});
