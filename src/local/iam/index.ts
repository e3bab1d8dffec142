import type { IAM } from "@aws-sdk/client-iam";
import { emulate } from "../service.ts";
import { authorize } from "./authorize.ts";
import { linkedRoles } from "./linked.ts";
import { managed } from "./managed.ts";
import { rolePolicies } from "./policies.ts";
import { roles } from "./roles.ts";
import { simulate } from "./simulate.ts";
import { type IamState, iamKeeper } from "./state.ts";

/** IAM: roles, their policies, and what these allow. It has no users and no groups. */
export const iam = emulate<IAM, IamState>({
  ...iamKeeper,
  load: () => import("@aws-sdk/client-iam"),
  handlers: { ...roles, ...rolePolicies, ...managed, ...linkedRoles, ...simulate },
  allows: (role, need, local) => authorize(local, role, [need], need.context).allowed,
  needs: (operation, input, { account, local }) => {
    const { RoleName: name, PolicyArn: policy } = input;
    const known = typeof name === "string" ? local.state(iamKeeper, "us-east-1").roles[name.toLowerCase()] : undefined;
    const resource =
      typeof name === "string"
        ? (known?.arn ?? `arn:aws:iam::${account}:role${String(input.Path ?? "/")}${name}`)
        : typeof policy === "string"
          ? policy
          : "*";
    return [{ action: `iam:${operation}`, resource }];
  },
});
