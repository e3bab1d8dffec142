import type { Item } from "dynalite";
import batchGetItem from "dynalite/actions/batchGetItem.js";
import batchWriteItem from "dynalite/actions/batchWriteItem.js";
import deleteItem from "dynalite/actions/deleteItem.js";
import getItem from "dynalite/actions/getItem.js";
import putItem from "dynalite/actions/putItem.js";
import query from "dynalite/actions/query.js";
import scan from "dynalite/actions/scan.js";
import updateItem from "dynalite/actions/updateItem.js";
import dynalite from "dynalite/db/index.js";
import batchGetItemRules from "dynalite/validations/batchGetItem.js";
import batchWriteItemRules from "dynalite/validations/batchWriteItem.js";
import deleteItemRules from "dynalite/validations/deleteItem.js";
import getItemRules from "dynalite/validations/getItem.js";
import checks from "dynalite/validations/index.js";
import putItemRules from "dynalite/validations/putItem.js";
import queryRules from "dynalite/validations/query.js";
import scanRules from "dynalite/validations/scan.js";
import updateItemRules from "dynalite/validations/updateItem.js";
import { Refusal } from "../service.ts";
import { type Engine, refusal, rowsOf, shape, type Tables, type Write } from "./engine.ts";
import { type Table, tableName } from "./table.ts";
import { fromWire, toWire } from "./values.ts";

const operations = {
  BatchGetItem: { action: batchGetItem, rules: batchGetItemRules },
  BatchWriteItem: { action: batchWriteItem, rules: batchWriteItemRules },
  DeleteItem: { action: deleteItem, rules: deleteItemRules },
  GetItem: { action: getItem, rules: getItemRules },
  PutItem: { action: putItem, rules: putItemRules },
  Query: { action: query, rules: queryRules },
  Scan: { action: scan, rules: scanRules },
  UpdateItem: { action: updateItem, rules: updateItemRules },
};

export type ItemOperation = keyof typeof operations;

/** An operation's input after validation, in the wire's shapes. */
export interface Prepared {
  readonly operation: ItemOperation;
  readonly data: object;
}

/** Validates an input as DynamoDB does before it looks at any table. Throws ValidationException. */
export function prepare(engine: Engine, operation: ItemOperation, input: object): Prepared {
  const { rules } = operations[operation];
  try {
    const data = checks.checkTypes(byName(toWire(input)), rules.types);
    checks.checkValidations(data, rules.types, rules.custom, { options: engine.limits });
    return { operation, data };
  } catch (error) {
    throw refusal(error);
  }
}

/** Runs a prepared operation; its writes are collected, not applied. */
export const perform = (
  engine: Engine,
  { operation, data }: Prepared,
  tables: Tables,
  writes: Write[],
  known?: Parameters<Engine["run"]>[4],
) => engine.run(operations[operation].action, data, tables, writes, known);

/** Reads: at once, on LevelDB's own snapshot. */
export async function read<Output>(engine: Engine, operation: ItemOperation, input: object, tables: Tables) {
  return fromWire(await perform(engine, prepare(engine, operation, input), tables, [])) as Output;
}

/** Writes one item, or a batch of them, while nobody else writes those items; all of it or nothing is kept. */
export async function write<Output>(
  engine: Engine,
  operation: "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem",
  input: { TableName?: string; ReturnValuesOnConditionCheckFailure?: string; RequestItems?: object },
  tables: Tables,
): Promise<Output> {
  const prepared = prepare(engine, operation, input);
  const places = placesOf(prepared.data, tables);
  const keys = places.map(lockOf);
  return engine.locks.hold(keys, async () => {
    const writes: Write[] = [];
    try {
      const known = keys.length > 1 ? await engine.look(keys) : undefined;
      const output = await perform(engine, prepared, tables, writes, known);
      await engine.commit(writes);
      return fromWire(output) as Output;
    } catch (error) {
      throw await withItem(engine, error, places[0], input.ReturnValuesOnConditionCheckFailure);
    }
  });
}

/** Where an item is: its table and its key there. */
export interface Place {
  readonly table: Table;
  readonly key: string;
}
export const lockOf = ({ table, key }: Place): string => rowsOf(table) + key;

/** The place of an item or a key; nowhere if its key does not fit the table, which the action itself then refuses. */
export function placeOf(tables: Tables, name: string, at: { item?: Item; key?: Item }): Place | undefined {
  const table = tables(name);
  if (!table) return undefined;
  const form = shape(table);
  const wrong = at.item ? dynalite.validateItem(at.item, form) : dynalite.validateKey(at.key ?? {}, form);
  return wrong ? undefined : { table, key: dynalite.createKey(at.item ?? at.key ?? {}, form) };
}

interface Written {
  TableName?: string;
  Item?: Item;
  Key?: Item;
  RequestItems?: Record<string, { PutRequest?: { Item: Item }; DeleteRequest?: { Key: Item } }[]>;
}

function placesOf(data: Written, tables: Tables): Place[] {
  const found = data.RequestItems
    ? Object.entries(data.RequestItems).flatMap(([name, requests]) =>
        requests.map(({ PutRequest, DeleteRequest }) =>
          placeOf(tables, name, PutRequest ? { item: PutRequest.Item } : { key: DeleteRequest?.Key }),
        ),
      )
    : [placeOf(tables, data.TableName ?? "", data.Item ? { item: data.Item } : { key: data.Key })];
  return found.filter((place) => place !== undefined);
}

async function withItem(engine: Engine, error: unknown, place: Place | undefined, wanted: string | undefined) {
  if (!(error instanceof Refusal) || error.name !== "ConditionalCheckFailedException") return error;
  const item = wanted === "ALL_OLD" && place ? await engine.item(place.table, place.key) : undefined;
  return item ? new Refusal(error.name, error.message, { data: { Item: fromWire(item) } }) : error;
}

/** A table may be given by its ARN wherever its name may. */
function byName(input: unknown): object {
  const data = input as { TableName?: string; RequestItems?: Record<string, unknown> };
  if (data.TableName) data.TableName = tableName(data.TableName);
  if (data.RequestItems)
    data.RequestItems = Object.fromEntries(
      Object.entries(data.RequestItems).map(([name, requests]) => [tableName(name), requests]),
    );
  return data;
}
