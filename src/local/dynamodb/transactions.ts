import type {
  CancellationReason,
  TransactGetItemsCommandInput,
  TransactGetItemsCommandOutput,
  TransactWriteItem,
  TransactWriteItemsCommandInput,
  TransactWriteItemsCommandOutput,
} from "@aws-sdk/client-dynamodb";
import type { Item } from "dynalite";
import { type Answer, Refusal } from "../service.ts";
import { digest, type Engine, type Tables, type Write } from "./engine.ts";
import { lockOf, type Place, type Prepared, perform, placeOf, prepare } from "./items.ts";
import { tableName } from "./table.ts";
import { fromWire, toWire } from "./values.ts";

/** One part of a transaction: what it does, and to which item. */
interface Part {
  readonly prepared: Prepared;
  readonly place: Place | undefined;
  readonly returnItem: boolean;
  readonly checkOnly: boolean;
}

const operationOf = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "DeleteItem",
} as const;
type Verb = keyof typeof operationOf;

/** A token makes a transaction idempotent for ten minutes (API reference, ClientRequestToken). */
const TOKEN_LIFE = 10 * 60_000;
const TOKENS = "token~";

/** All writes or none: conditions first, then one atomic batch with the token among it. */
export async function transactWrite(
  engine: Engine,
  input: TransactWriteItemsCommandInput,
  tables: Tables,
  owner: string,
  now: number,
): Promise<Answer<TransactWriteItemsCommandOutput>> {
  const { ClientRequestToken: token, TransactItems = [], ReturnConsumedCapacity } = input;
  refuseMany(TransactItems);
  const parts = TransactItems.map((item) => partOf(engine, item, tables, ReturnConsumedCapacity));
  refuseTwice(parts.map((part) => part.place));
  const tokenKey = token && `${TOKENS}${owner}~${token}`;
  const locks = parts.flatMap((part) => (part.place ? [lockOf(part.place)] : []));
  return engine.locks.hold(tokenKey ? [...locks, tokenKey] : locks, async () => {
    const parameters = digest(toWire(TransactItems));
    if (tokenKey && (await isRepeated(engine, tokenKey, parameters, now))) return {};
    const writes: Write[] = [];
    const outcomes = await Promise.all(parts.map((part) => attempt(engine, part, tables, writes)));
    const reasons = outcomes.map((outcome) => outcome.reason);
    if (reasons.some((reason) => reason.Code !== "None")) throw cancelled(reasons);
    if (tokenKey) writes.push({ type: "put", key: tokenKey, value: JSON.stringify({ parameters, at: now }) });
    await engine.commit(writes);
    return ReturnConsumedCapacity && ReturnConsumedCapacity !== "NONE" ? { ConsumedCapacity: sum(outcomes) } : {};
  });
}

/** Items as they are at one moment: no transaction is half seen. */
export async function transactGet(
  engine: Engine,
  { TransactItems = [] }: TransactGetItemsCommandInput,
  tables: Tables,
): Promise<Answer<TransactGetItemsCommandOutput>> {
  refuseMany(TransactItems);
  const gets = TransactItems.map(({ Get }) => {
    const prepared = prepare(engine, "GetItem", Get ?? {});
    return { prepared, place: placeOf(tables, tableName(Get?.TableName), { key: toWire(Get?.Key) as Item }) };
  });
  const places = gets.map((get) => get.place);
  refuseTwice(places);
  return engine.locks.hold(
    places.flatMap((place) => (place ? [lockOf(place)] : [])),
    async () => {
      const found = await Promise.all(gets.map(({ prepared }) => perform(engine, prepared, tables, [])));
      return { Responses: found.map((one) => fromWire({ Item: (one as { Item?: Item }).Item })) as object[] };
    },
  );
}

/** Forgets tokens whose ten minutes are over. */
export async function forgetTokens(engine: Engine, now: number): Promise<void> {
  const old: Write[] = [];
  for await (const [key, value] of engine.db.iterator({ gte: TOKENS, lt: `${TOKENS}\x7f` }))
    if (typeof value === "string" && now - JSON.parse(value).at > TOKEN_LIFE) old.push({ type: "del", key });
  await engine.commit(old);
}

function partOf(engine: Engine, item: TransactWriteItem, tables: Tables, capacity: string | undefined): Part {
  const given = Object.entries(item).filter(([, value]) => value !== undefined);
  const [verb, request] = given[0] ?? [];
  if (given.length !== 1 || !isVerb(verb))
    throw new Refusal("ValidationException", "TransactItems can only contain one of Check, Put, Update or Delete");
  const { ReturnValuesOnConditionCheckFailure, ...rest } = request;
  if (verb === "ConditionCheck" && !rest.ConditionExpression) throw missing("conditionExpression");
  if (verb === "Update" && !rest.UpdateExpression) throw missing("updateExpression");
  const prepared = prepare(engine, operationOf[verb], { ...rest, ReturnConsumedCapacity: capacity });
  const at = prepared.data as { Item?: Item; Key?: Item };
  const name = tableName(rest.TableName);
  if (!tables(name)) throw new Refusal("ResourceNotFoundException", "Requested resource not found");
  return {
    prepared,
    place: placeOf(tables, name, verb === "Put" ? { item: at.Item } : { key: at.Key }),
    returnItem: ReturnValuesOnConditionCheckFailure === "ALL_OLD",
    checkOnly: verb === "ConditionCheck",
  };
}

const isVerb = (verb: string | undefined): verb is Verb => verb !== undefined && Object.hasOwn(operationOf, verb);

const missing = (member: string): Refusal =>
  new Refusal(
    "ValidationException",
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );

function refuseMany(items: readonly unknown[]): void {
  if (items.length < 1 || items.length > 100)
    throw new Refusal(
      "ValidationException",
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length ${items.length < 1 ? "greater than or equal to 1" : "less than or equal to 100"}`,
    );
}

function refuseTwice(places: readonly (Place | undefined)[]): void {
  const items = places.flatMap((place) => (place ? [lockOf(place)] : []));
  if (new Set(items).size < items.length)
    throw new Refusal("ValidationException", "Transaction request cannot include multiple operations on one item");
}

interface Outcome {
  readonly reason: CancellationReason;
  readonly capacity?: { TableName: string; CapacityUnits: number };
}

async function attempt(engine: Engine, part: Part, tables: Tables, writes: Write[]): Promise<Outcome> {
  try {
    const output = await perform(engine, part.prepared, tables, part.checkOnly ? [] : writes);
    return {
      reason: { Code: "None" },
      capacity: (output as { ConsumedCapacity?: Outcome["capacity"] }).ConsumedCapacity,
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.name === "ValidationException") return { reason: { Code: "ValidationError", Message: error.message } };
    if (error.name !== "ConditionalCheckFailedException") throw error;
    const item = part.returnItem && part.place ? await engine.item(part.place.table, part.place.key) : undefined;
    const reason = { Code: "ConditionalCheckFailed", Message: error.message };
    return { reason: item ? { ...reason, Item: fromWire(item) as CancellationReason["Item"] } : reason };
  }
}

const cancelled = (reasons: CancellationReason[]): Refusal =>
  new Refusal(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map((reason) => reason.Code).join(", ")}]`,
    { data: { CancellationReasons: reasons } },
  );

async function isRepeated(engine: Engine, key: string, parameters: string, now: number): Promise<boolean> {
  const row = await engine.db.get(key);
  if (typeof row !== "string") return false;
  const before: { parameters: string; at: number } = JSON.parse(row);
  if (now - before.at > TOKEN_LIFE) return false;
  if (before.parameters !== parameters)
    throw new Refusal(
      "IdempotentParameterMismatchException",
      "Request parameters are different from the previous request with the same client request token",
    );
  return true;
}

/** A transactional write costs twice what the write costs. */
function sum(outcomes: readonly Outcome[]): { TableName: string; CapacityUnits: number }[] {
  const units = new Map<string, number>();
  for (const { capacity } of outcomes)
    if (capacity) units.set(capacity.TableName, (units.get(capacity.TableName) ?? 0) + 2 * capacity.CapacityUnits);
  return [...units].map(([TableName, CapacityUnits]) => ({ TableName, CapacityUnits }));
}
