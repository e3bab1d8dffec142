import { randomBytes } from "node:crypto";
import type { STS } from "@aws-sdk/client-sts";
import { listed, statementsOf } from "./iam/document.ts";
import { iamState, type Role } from "./iam/state.ts";
import { like } from "./like.ts";
import { type Caller, emulate, Refusal } from "./service.ts";

/** Sessions of roles, by access key. */
export interface StsState {
  sessions: Record<
    string,
    { role: string; session: string; secretAccessKey: string; sessionToken: string; expiresAt: number }
  >;
}

const accountRoot = (account: string) => `arn:aws:iam::${account}:root`;
const sessionArn = (account: string, role: string, session: string) =>
  `arn:aws:sts::${account}:assumed-role/${role}/${session}`;
const letters = (count: number) => randomBytes(count).toString("hex").slice(0, count).toUpperCase();

/** Credentials of a role; what has expired by `now` is forgotten. */
export function openSession(state: StsState, role: string, session: string, now: number, seconds: number) {
  for (const [key, { expiresAt }] of Object.entries(state.sessions)) {
    if (expiresAt <= now) delete state.sessions[key];
  }
  const accessKeyId = `ASIA${letters(16)}`;
  const secretAccessKey = randomBytes(30).toString("base64");
  const sessionToken = randomBytes(96).toString("base64");
  state.sessions[accessKeyId] = { role, session, secretAccessKey, sessionToken, expiresAt: now + seconds * 1000 };
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** Whose an access key is: a role's session's, else the operator's. */
export function callerOf(state: StsState, account: string, accessKeyId: string): Caller {
  const found = state.sessions[accessKeyId];
  if (!found) return { arn: accountRoot(account), accessKeyId };
  return { arn: sessionArn(account, found.role, found.session), accessKeyId, role: found.role };
}

/** Security Token Service: who calls, and credentials of roles. */
export const sts = emulate<STS, StsState>({
  id: "sts",
  global: true,
  initial: () => ({ sessions: {} }),
  load: () => import("@aws-sdk/client-sts"),
  // Everybody may ask who they are.
  needs: (operation, input) =>
    operation === "AssumeRole" ? [{ action: "sts:AssumeRole", resource: String(input.RoleArn) }] : [],
  handlers: {
    GetCallerIdentity: (_, { account, caller, local, state }) => {
      const session = state.sessions[caller.accessKeyId];
      const role = session && iamState(local).roles[session.role.toLowerCase()];
      return {
        Account: account,
        Arn: caller.arn,
        UserId: session ? `${role?.id ?? session.role}:${session.session}` : account,
      };
    },

    AssumeRole: ({ RoleArn = "", RoleSessionName = "", DurationSeconds = 3600 }, { account, caller, local, state }) => {
      const name = /^arn:aws:iam::\d{12}:role\/(?:.*\/)?([^/]+)$/.exec(RoleArn)?.[1];
      if (!name) throw new Refusal("ValidationError", `${RoleArn} is invalid`);
      const role = iamState(local).roles[name.toLowerCase()];
      // AWS does not tell a role that is not there from one that may not be assumed.
      if (role?.arn !== RoleArn || !trusts(role, caller, account)) {
        const why = `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`;
        throw new Refusal("AccessDenied", why, { status: 403 });
      }
      if (DurationSeconds > role.maxSession) {
        const why = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        throw new Refusal("ValidationError", why);
      }
      const now = local.clock.now();
      const session = openSession(state, role.name, RoleSessionName, now, DurationSeconds);
      return {
        Credentials: {
          AccessKeyId: session.accessKeyId,
          SecretAccessKey: session.secretAccessKey,
          SessionToken: session.sessionToken,
          Expiration: new Date(now + DurationSeconds * 1000),
        },
        AssumedRoleUser: {
          Arn: sessionArn(account, role.name, RoleSessionName),
          AssumedRoleId: `${role.id}:${RoleSessionName}`,
        },
      };
    },
  },
});

/** Whether a role's trust policy lets somebody of this account assume it. */
function trusts(role: Role, caller: Caller, account: string): boolean {
  const own = caller.role === undefined ? undefined : `arn:aws:iam::${account}:role/${caller.role}`;
  const whom = ["*", account, accountRoot(account), caller.arn, own];
  return statementsOf(role.trust).some(
    ({ Effect, Principal, Action }) =>
      Effect === "Allow" &&
      (Principal === "*" || listed(Principal?.AWS).some((one) => whom.includes(one))) &&
      listed(Action).some((pattern) => like(pattern, "sts:AssumeRole", "si")),
  );
}
