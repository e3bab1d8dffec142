import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CodeStarConnections, Connection, ProviderType, Tag } from "@aws-sdk/client-codestar-connections";
import { page } from "../page.ts";
import { emulate, type Local, Refusal } from "../service.ts";

/** A link to a Git host. */
interface Kept {
  arn: string;
  name: string;
  provider: ProviderType;
  status: "PENDING" | "AVAILABLE";
  hostArn?: string;
  tags: Record<string, string>;
}

/** Connections of a region, by the last part of their ARN: both of the service's ARN prefixes name the same one. */
export interface ConnectionsState {
  connections: Record<string, Kept>;
}

const idOf = (arn: string | undefined): string => arn?.split("/").at(-1) ?? "";

function find(state: ConnectionsState, arn: string | undefined): Kept {
  const kept = state.connections[idOf(arn)];
  if (!kept) throw new Refusal("ResourceNotFoundException", `Connection ${arn} not found`);
  return kept;
}

const shown = (kept: Kept, account: string): Connection => ({
  ConnectionArn: kept.arn,
  ConnectionName: kept.name,
  ConnectionStatus: kept.status,
  OwnerAccountId: account,
  ProviderType: kept.provider,
  HostArn: kept.hostArn,
});

const record = (tags: readonly Tag[] = []) => Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
const listed = (tags: Record<string, string>) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** CodeConnections under its older name: connections begin PENDING and wait for a person, here for one HTTP call. */
export const connections = emulate<CodeStarConnections, ConnectionsState>({
  id: "codestar-connections",
  initial: () => ({ connections: {} }),
  load: () => import("@aws-sdk/client-codestar-connections"),
  needs: (operation, input) => [
    { action: `codestar-connections:${operation}`, resource: String(input.ConnectionArn ?? input.ResourceArn ?? "*") },
  ],
  http: { prefix: "/_ecomctl/connections/", handle: handshake },
  handlers: {
    // Names are not unique: every call makes another connection.
    CreateConnection: ({ ConnectionName = "", ProviderType, HostArn, Tags }, { state, account, region }) => {
      if (!ProviderType && !HostArn) {
        throw new Refusal("ValidationException", "Either ProviderType or HostArn must be provided.");
      }
      if (HostArn) throw new Refusal("ResourceNotFoundException", `Host ${HostArn} not found`);
      const id = randomUUID();
      const arn = `arn:aws:codestar-connections:${region}:${account}:connection/${id}`;
      const provider = ProviderType ?? "GitHub";
      state.connections[id] = { arn, name: ConnectionName, provider, status: "PENDING", tags: record(Tags) };
      return { ConnectionArn: arn, Tags: Tags ?? [] };
    },

    GetConnection: ({ ConnectionArn }, { state, account }) => ({
      Connection: shown(find(state, ConnectionArn), account),
    }),

    ListConnections: ({ ProviderTypeFilter, HostArnFilter, MaxResults, NextToken }, { state, account }) => {
      const fitting = Object.values(state.connections)
        .filter(({ provider }) => !ProviderTypeFilter || provider === ProviderTypeFilter)
        .filter(({ hostArn }) => !HostArnFilter || hostArn === HostArnFilter);
      const { items, next } = page(fitting, ({ arn }) => arn, MaxResults || 50, NextToken);
      return { Connections: items.map((kept) => shown(kept, account)), NextToken: next };
    },

    DeleteConnection: ({ ConnectionArn }, { state }) => {
      delete state.connections[idOf(find(state, ConnectionArn).arn)];
      return {};
    },

    ListTagsForResource: ({ ResourceArn }, { state }) => ({ Tags: listed(find(state, ResourceArn).tags) }),

    TagResource: ({ ResourceArn, Tags }, { state }) => {
      Object.assign(find(state, ResourceArn).tags, record(Tags));
      return {};
    },

    UntagResource: ({ ResourceArn, TagKeys = [] }, { state }) => {
      const { tags } = find(state, ResourceArn);
      for (const key of TagKeys) delete tags[key];
      return {};
    },
  },
});

/** What a person does in AWS's console: `POST /_ecomctl/connections/<ARN, URL-encoded>/available`. */
function handshake(request: IncomingMessage, response: ServerResponse, local: Local): void {
  request.resume();
  const encoded = /^\/_ecomctl\/connections\/(.+)\/available$/.exec(request.url ?? "")?.[1];
  const arn = encoded && request.method === "POST" ? decodeURIComponent(encoded) : undefined;
  const region = arn?.split(":")[3] ?? "";
  const kept = arn === undefined ? undefined : local.state(connections, region).connections[idOf(arn)];
  if (kept) {
    kept.status = "AVAILABLE";
    local.changed(connections, region);
  }
  response.writeHead(kept ? 200 : 404, { "content-type": "application/json" });
  response.end(
    `${JSON.stringify(kept ? shown(kept, local.account) : { message: `no connection ${arn ?? "named"}` })}\n`,
  );
}
