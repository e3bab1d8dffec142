import type { DynamoDB } from "@aws-sdk/client-dynamodb";
import { type Call, emulate, type Local, type Need, Refusal } from "../service.ts";
import { newTable, TAKES } from "./create.ts";
import type { Engine, Tables } from "./engine.ts";
import { read, write } from "./items.ts";
import { needsOf } from "./needs.ts";
import { settings } from "./settings.ts";
import { backfill, closeEngine, engineOf, forget, reopen } from "./store.ts";
import {
  type DynamoDBState,
  describe,
  dynamodbKeeper,
  indexStatus,
  sweep,
  type Table,
  tableName,
  tableOf,
} from "./table.ts";
import { transactGet, transactWrite } from "./transactions.ts";
import { change, refuseBusy } from "./update.ts";

/** DynamoDB: tables are plain state; their items are in LevelDB, behind dynalite's engine. */
export const dynamodb = emulate<DynamoDB, DynamoDBState>({
  ...dynamodbKeeper,
  load: () => import("@aws-sdk/client-dynamodb"),
  needs: (operation, input, call): readonly Need[] => needsOf(operation, input, call.region, call.account),
  start: resume,
  stop: closeEngine,
  handlers: {
    ...settings,

    CreateTable: (input, call) => {
      const { state, local } = call;
      sweep(state, local.clock.now());
      const table = newTable(input, local.clock.now(), (ms) => local.lasts(ms));
      if (Object.hasOwn(state.tables, table.TableName))
        throw new Refusal("ResourceInUseException", `Table already exists: ${table.TableName}`);
      state.tables[table.TableName] = table;
      return { TableDescription: told(table, call) };
    },

    DescribeTable: async (input, call) => {
      const table = tableOf(call.state, input.TableName, call.local.clock.now());
      await measure(table, call);
      return { Table: told(table, call) };
    },

    ListTables: ({ ExclusiveStartTableName: after = "", Limit = 100 }, { state, local }) => {
      sweep(state, local.clock.now());
      const names = Object.keys(state.tables).sort();
      const rest = names.filter((name) => name > after);
      const TableNames = rest.slice(0, Limit);
      return { TableNames, ...(rest.length > Limit && { LastEvaluatedTableName: TableNames.at(-1) }) };
    },

    UpdateTable: async (input, call) => {
      const { local } = call;
      const now = local.clock.now();
      const table = tableOf(call.state, input.TableName, now);
      const consequence = change(table, input, now, (ms) => local.lasts(ms));
      if (consequence.backfill) fill(local, await engineOf(local), table, consequence.backfill.IndexName, call.region);
      if (consequence.clear) forget(local, call.region, [consequence.clear]);
      return { TableDescription: told(table, call) };
    },

    DeleteTable: (input, call) => {
      const { local } = call;
      const now = local.clock.now();
      const table = tableOf(call.state, input.TableName, now);
      refuseBusy(table, now);
      if (table.protected)
        throw new Refusal(
          "ValidationException",
          "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        );
      table.goneAt = now + local.lasts(TAKES.remove);
      forget(local, call.region, [table, ...table.globalIndexes, ...table.localIndexes]);
      return { TableDescription: told(table, call) };
    },

    GetItem: async (input, call) => read(await engineOf(call.local), "GetItem", input, tables(call)),
    BatchGetItem: async (input, call) => read(await engineOf(call.local), "BatchGetItem", input, tables(call)),
    Query: async (input, call) => {
      refuseUnready(input, call);
      return read(await engineOf(call.local), "Query", input, tables(call));
    },
    Scan: async (input, call) => {
      refuseUnready(input, call);
      return read(await engineOf(call.local), "Scan", input, tables(call));
    },
    PutItem: async (input, call) => write(await engineOf(call.local), "PutItem", input, tables(call)),
    UpdateItem: async (input, call) => write(await engineOf(call.local), "UpdateItem", input, tables(call)),
    DeleteItem: async (input, call) => write(await engineOf(call.local), "DeleteItem", input, tables(call)),
    BatchWriteItem: async (input, call) => write(await engineOf(call.local), "BatchWriteItem", input, tables(call)),
    TransactGetItems: async (input, call) => transactGet(await engineOf(call.local), input, tables(call)),
    TransactWriteItems: async (input, call) =>
      transactWrite(await engineOf(call.local), input, tables(call), call.region, call.local.clock.now()),
  },
});

const told = (table: Table, { region, account, local }: Call<DynamoDBState>) =>
  describe(table, region, account, local.clock.now());

function tables({ state, local }: Call<DynamoDBState>): Tables {
  sweep(state, local.clock.now());
  return (name) => (Object.hasOwn(state.tables, name) ? state.tables[name] : undefined);
}

/** An index can be read only when every item has been entered. */
function refuseUnready(input: { TableName?: string; IndexName?: string }, call: Call<DynamoDBState>): void {
  const now = call.local.clock.now();
  const table = tables(call)(tableName(input.TableName));
  const index = table?.globalIndexes.find((one) => one.IndexName === input.IndexName);
  if (table && index && indexStatus(index, table, now) === "CREATING")
    throw new Refusal("ValidationException", `Cannot read from backfilling global secondary index: ${index.IndexName}`);
}

/** "DynamoDB updates this value approximately every six hours" (API reference, TableDescription). */
async function measure(table: Table, { local }: Call<DynamoDBState>): Promise<void> {
  const now = local.clock.now();
  if (table.goneAt !== undefined || (table.size && now - table.size.at < local.lasts(6 * 60 * 60_000))) return;
  const engine = await engineOf(local);
  for (const owner of [table, ...table.localIndexes, ...table.globalIndexes])
    owner.size = { ...(await engine.measure(owner)), at: now };
}

/** Fills an index beside the requests; what was not done before a stop is begun again at the next start. */
function fill(local: Local, engine: Engine, table: Table, name: string, region: string): void {
  const index = table.globalIndexes.find((one) => one.IndexName === name);
  if (!index) return;
  backfill(engine, table, index)
    .then(() => {
      delete index.backfilling;
      local.changed(dynamodb, region);
    })
    .catch((error: unknown) => local.warn(`dynamodb: index ${name} of ${table.TableName} is not filled: ${error}`));
}

async function resume(local: Local): Promise<void> {
  await reopen(local);
  for (const region of local.regions(dynamodb)) {
    for (const table of Object.values(local.state(dynamodb, region).tables))
      for (const index of table.globalIndexes)
        if (index.backfilling) fill(local, await engineOf(local), table, index.IndexName, region);
  }
}
