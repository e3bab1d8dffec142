import type {
  AttributeDefinition,
  GlobalSecondaryIndexDescription,
  KeySchemaElement,
  Projection,
  ProvisionedThroughput,
  SSESpecification,
  StreamSpecification,
  TableClass,
  TableDescription,
} from "@aws-sdk/client-dynamodb";
import { type Keeper, Refusal } from "../service.ts";

/** A secondary index. Its entries are kept under its own id, so one made anew never sees those of the one before. */
export interface Index {
  readonly id: string;
  readonly IndexName: string;
  readonly KeySchema: KeySchemaElement[];
  readonly Projection: Projection;
  ProvisionedThroughput?: ProvisionedThroughput;
  /** CREATING, or UPDATING, until then (ms). */
  readyAt: number;
  updating?: boolean;
  /** Items that were there before the index are still being entered. */
  backfilling?: boolean;
  /** DELETING until then (ms). */
  goneAt?: number;
  size?: Size;
}

/** How much there was when it was last counted. */
export interface Size {
  readonly items: number;
  readonly bytes: number;
  readonly at: number;
}

/** A table as it is kept: what was asked for, and when it becomes what. Times are ms since 1970. */
export interface Table {
  readonly id: string;
  readonly TableName: string;
  readonly KeySchema: KeySchemaElement[];
  AttributeDefinitions: AttributeDefinition[];
  globalIndexes: Index[];
  readonly localIndexes: Index[];
  readonly createdAt: number;
  /** CREATING until then. */
  readonly activeAt: number;
  /** UPDATING until then. */
  updatedAt?: number;
  /** DELETING until then. */
  goneAt?: number;
  onDemand: boolean;
  onDemandSince?: number;
  throughput?: ProvisionedThroughput;
  protected: boolean;
  sse?: SSESpecification;
  stream?: StreamSpecification & { readonly since: number };
  tableClass?: TableClass;
  ttl?: { attribute: string; enabled: boolean; until: number };
  recovery: { since?: number; days?: number };
  tags: Record<string, string>;
  size?: Size;
}

export interface DynamoDBState {
  tables: Record<string, Table>;
}

/** What finds the state of DynamoDB from anywhere. */
export const dynamodbKeeper: Keeper<DynamoDBState> = { id: "dynamodb", initial: () => ({ tables: {} }) };

/** A table's life as AWS tells it, at a moment. */
export type Status = "CREATING" | "UPDATING" | "DELETING" | "ACTIVE";

/** CREATING, UPDATING, DELETING or ACTIVE at `now`. */
export function status(table: Table, now: number): Status {
  if (table.goneAt !== undefined) return "DELETING";
  if (now < table.activeAt) return "CREATING";
  const busy = table.globalIndexes.some((index) => indexStatus(index, table, now) !== "ACTIVE");
  return busy || now < (table.updatedAt ?? 0) ? "UPDATING" : "ACTIVE";
}

/** An index's status at `now`; those of a new table are made with it. */
export function indexStatus(index: Index, table: Table, now: number): Status {
  if (index.goneAt !== undefined) return "DELETING";
  if (now >= index.readyAt && now >= table.activeAt && !index.backfilling) return "ACTIVE";
  return index.updating ? "UPDATING" : "CREATING";
}

/** Forgets tables and indexes whose time of DELETING is over. */
export function sweep(state: DynamoDBState, now: number): void {
  for (const table of Object.values(state.tables)) {
    if (table.goneAt !== undefined && now >= table.goneAt) delete state.tables[table.TableName];
    else table.globalIndexes = table.globalIndexes.filter((index) => index.goneAt === undefined || now < index.goneAt);
  }
}

/** A table by its name or ARN, whatever its status. Throws ResourceNotFoundException. */
export function tableOf(state: DynamoDBState, nameOrArn: string | undefined, now: number): Table {
  sweep(state, now);
  const name = tableName(nameOrArn);
  const table = Object.hasOwn(state.tables, name) ? state.tables[name] : undefined;
  if (!table) throw new Refusal("ResourceNotFoundException", `Requested resource not found: Table: ${name} not found`);
  return table;
}

/** `arn:…:table/Products` and `arn:…:table/Products/index/x` → `Products`; a name stays as it is. */
export const tableName = (nameOrArn = ""): string =>
  nameOrArn.startsWith("arn:") ? (nameOrArn.split("/")[1] ?? nameOrArn) : nameOrArn;

export const tableArn = (name: string, region: string, account: string): string =>
  `arn:aws:dynamodb:${region}:${account}:table/${name}`;

/** What DescribeTable tells. */
export function describe(table: Table, region: string, account: string, now: number): TableDescription {
  const arn = tableArn(table.TableName, region, account);
  const stream = table.stream && new Date(table.stream.since).toISOString().slice(0, 23);
  return {
    AttributeDefinitions: table.AttributeDefinitions,
    TableName: table.TableName,
    KeySchema: table.KeySchema,
    TableStatus: status(table, now),
    CreationDateTime: new Date(table.createdAt),
    ProvisionedThroughput: throughput(table.throughput),
    TableSizeBytes: table.size?.bytes ?? 0,
    ItemCount: table.size?.items ?? 0,
    TableArn: arn,
    TableId: table.id,
    ...(table.onDemandSince !== undefined && {
      BillingModeSummary: {
        BillingMode: table.onDemand ? "PAY_PER_REQUEST" : "PROVISIONED",
        LastUpdateToPayPerRequestDateTime: new Date(table.onDemandSince),
      },
    }),
    ...(table.localIndexes.length > 0 && {
      LocalSecondaryIndexes: table.localIndexes.map((index) => named(index, arn)),
    }),
    ...(table.globalIndexes.length > 0 && {
      GlobalSecondaryIndexes: table.globalIndexes.map(
        (index): GlobalSecondaryIndexDescription => ({
          ...named(index, arn),
          IndexStatus: indexStatus(index, table, now),
          ...(index.backfilling && { Backfilling: true }),
          ProvisionedThroughput: throughput(index.ProvisionedThroughput),
        }),
      ),
    }),
    ...(table.stream?.StreamEnabled && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: table.stream.StreamViewType },
      LatestStreamLabel: stream,
      LatestStreamArn: `${arn}/stream/${stream}`,
    }),
    ...(table.sse?.Enabled && {
      SSEDescription: {
        Status: "ENABLED",
        SSEType: "KMS",
        KMSMasterKeyArn: keyArn(table.sse.KMSMasterKeyId ?? "alias/aws/dynamodb", region, account),
      },
    }),
    ...(table.tableClass && { TableClassSummary: { TableClass: table.tableClass } }),
    DeletionProtectionEnabled: table.protected,
  };
}

const named = (index: Index, arn: string) => ({
  IndexName: index.IndexName,
  KeySchema: index.KeySchema,
  Projection: index.Projection,
  IndexArn: `${arn}/index/${index.IndexName}`,
  IndexSizeBytes: index.size?.bytes ?? 0,
  ItemCount: index.size?.items ?? 0,
});

const throughput = (given: ProvisionedThroughput | undefined) => ({
  NumberOfDecreasesToday: 0,
  ReadCapacityUnits: given?.ReadCapacityUnits ?? 0,
  WriteCapacityUnits: given?.WriteCapacityUnits ?? 0,
});

const keyArn = (key: string, region: string, account: string): string => {
  if (key.startsWith("arn:")) return key;
  return `arn:aws:kms:${region}:${account}:${key.startsWith("alias/") ? key : `key/${key}`}`;
};
