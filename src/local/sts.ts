import { createHash, randomBytes } from "node:crypto";
import type { STS } from "@aws-sdk/client-sts";
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
// AWS's ids are opaque; the same role always has the same one.
const roleId = (role: string) => `AROA${createHash("sha256").update(role).digest("hex").slice(0, 17).toUpperCase()}`;
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
    GetCallerIdentity: (_, { account, caller, state }) => {
      const session = state.sessions[caller.accessKeyId];
      return {
        Account: account,
        Arn: caller.arn,
        UserId: session ? `${roleId(session.role)}:${session.session}` : account,
      };
    },

    AssumeRole: ({ RoleArn = "", RoleSessionName = "", DurationSeconds = 3600 }, { account, caller, local, state }) => {
      const role = /^arn:aws:iam::\d{12}:role\/(?:.*\/)?([^/]+)$/.exec(RoleArn)?.[1];
      if (!role) throw new Refusal("ValidationError", `${RoleArn} is invalid`);
      if (RoleArn.split(":")[4] !== account) {
        const why = `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`;
        throw new Refusal("AccessDenied", why, { status: 403 });
      }
      const { accessKeyId, ...secrets } = openSession(state, role, RoleSessionName, local.clock.now(), DurationSeconds);
      return {
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: secrets.secretAccessKey,
          SessionToken: secrets.sessionToken,
          Expiration: new Date(local.clock.now() + DurationSeconds * 1000),
        },
        AssumedRoleUser: {
          Arn: sessionArn(account, role, RoleSessionName),
          AssumedRoleId: `${roleId(role)}:${RoleSessionName}`,
        },
      };
    },
  },
});
