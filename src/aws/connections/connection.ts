import type { Connection } from "@aws-sdk/client-codestar-connections";
import { Problem } from "../../engine/problem.ts";
import type { State } from "../../engine/resource.ts";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";
import { defineKind, defineLookup } from "../kind.ts";
import { allPages } from "../pages.ts";
import { ownerIn, tagKeys, tagList } from "../tags.ts";

export type ConnectionSpec = {
  /** `GitHub` */
  readonly provider: string;
};

/** A connection to a Git host. AWS makes a second one of the same name without a word, so it is looked for in the list. */
export const connection = defineKind<ConnectionSpec, "arn">({
  type: "connections:connection",
  outputs: ["arn"],
  fixed: ["provider"],
  kept: "its handshake took a person",
  check: (name) => (name.length <= 32 ? undefined : "a connection's name has 32 characters at most"),

  async read(aws, name) {
    const found = await Promise.all(
      (await named(aws, name)).map(async (it) => {
        const ResourceArn = it.ConnectionArn;
        const tags = await unlessAbsent(aws.connections.listTagsForResource({ ResourceArn }), "ResourceNotFound");
        return { it, ...ownerIn(tags?.Tags) };
      }),
    );
    const best = found.sort((a, b) => rank(a) - rank(b) || (arnOf(a.it) < arnOf(b.it) ? -1 : 1))[0];
    if (!best) return undefined;
    const { it, stack, adopted } = best;
    return {
      spec: { provider: it.ProviderType ?? "", stack },
      adopted,
      outputs: { arn: arnOf(it) },
      state: stateOf(it),
    };
  },

  async create(aws, name, want) {
    await aws.connections.createConnection({
      ConnectionName: name,
      ProviderType: want.provider as "GitHub",
      Tags: tagList(want),
    });
  },

  async update(aws, _name, want, have, changed) {
    if (!changed.has("stack")) return;
    await aws.connections.tagResource({ ResourceArn: String(have.outputs.arn), Tags: tagList(want) });
  },

  async delete(aws, _name, have) {
    const ConnectionArn = String(have.outputs.arn);
    await unlessAbsent(aws.connections.deleteConnection({ ConnectionArn }), "ResourceNotFound");
  },

  async release(aws, _name, have) {
    await aws.connections.untagResource({ ResourceArn: String(have.outputs.arn), TagKeys: tagKeys });
  },
});

/** A connection that is there already, by its ARN, with its handshake done. */
export const givenConnection = defineLookup<{ readonly arn: string }, "arn">({
  type: "connections:given",
  outputs: ["arn"],
  missing: 'mend "pipeline.connection" in ecomctl.json: the ARN of a connection of this region',

  async read(aws, _name, want) {
    const found = await unlessAbsent(aws.connections.getConnection({ ConnectionArn: want.arn }), "ResourceNotFound");
    if (!found?.Connection) return undefined;
    const state = stateOf(found.Connection);
    if (state) {
      const next = "finish its handshake, and run the command again";
      throw new Problem("connection-not-available", `the connection ${want.arn} cannot be used`, state.why, next);
    }
    return { spec: want, outputs: { arn: want.arn } };
  },
});

/** Where a person finishes the handshake of a connection. */
export function handshakeUrl(arn: string): string {
  const [, partition, service, region, account, resource] = arn.split(":");
  const host = partition === "aws-cn" ? "console.amazonaws.cn" : "console.aws.amazon.com";
  const id = resource?.split("/").at(-1);
  return `https://${region}.${host}/codesuite/settings/${account}/${region}/${service}/connections/${id}`;
}

const arnOf = ({ ConnectionArn = "" }: Connection) => ConnectionArn;

/** Ours before others, and one that can be used before one that waits. */
const rank = ({ it, stack }: { it: Connection; stack: string | null }): number =>
  (stack === null ? 2 : 0) + (it.ConnectionStatus === "AVAILABLE" ? 0 : 1);

const named = async (aws: Aws, name: string): Promise<Connection[]> => {
  const all = await allPages(async (NextToken) => {
    const page = await aws.connections.listConnections({ MaxResults: 100, NextToken });
    return { items: page.Connections, next: page.NextToken };
  });
  return all.filter(({ ConnectionName }) => ConnectionName === name);
};

function stateOf(it: Connection): State | undefined {
  if (it.ConnectionStatus === "AVAILABLE") return undefined;
  const where = handshakeUrl(arnOf(it));
  if (it.ConnectionStatus === "PENDING")
    return { is: "pending", why: `it waits for its handshake with GitHub: ${where}` };
  return { is: "failed", why: `it is in error: ${where}` };
}
