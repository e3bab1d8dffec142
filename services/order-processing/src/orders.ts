import { setTimeout as sleep } from "node:timers/promises";
import {
  type CancellationReason,
  ConditionalCheckFailedException,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, PutCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { type Order, order } from "../../common/src/shop.ts";
import { confirmed, type Placed, short, type Taken, taken, tooMany } from "./decide.ts";

export interface Orders {
  /** Decides an order and writes it down, or finds what was decided before: once decided, an order stays so. */
  decide(placed: Placed): Promise<Order>;
  /** The order, strongly consistent; undefined if none has been decided under this id. */
  get(orderID: string): Promise<Order | undefined>;
}

export interface OrdersOptions {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly ordersTable: string;
  readonly productsTable: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** How often a transaction that met another one is tried; the waits in between sum up to some seconds at most. */
const attempts = 10;

/** Orders and the stock they take, in DynamoDB. */
export function createOrders({ dynamodb, ordersTable, productsTable, now = Date.now }: OrdersOptions): Orders {
  const put = (item: Order) => ({
    TableName: ordersTable,
    Item: item,
    ConditionExpression: "attribute_not_exists(orderID)",
  });

  const take = ({ productID, quantity }: Taken) => ({
    TableName: productsTable,
    Key: { productID },
    // updatedAt stays: stock is read from the table whenever it is shown, no index has to learn of it.
    UpdateExpression: "SET stock = stock - :quantity",
    ConditionExpression: "stock >= :quantity",
    ExpressionAttributeValues: { ":quantity": quantity },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
  });

  /** The order if it could be confirmed, the line that has not enough, or "decided" if it had been decided before. */
  async function confirm(placed: Placed, lines: readonly Taken[]): Promise<Order | Short | "decided"> {
    const item = confirmed(placed, now());
    try {
      await dynamodb.send(
        new TransactWriteCommand({
          TransactItems: [{ Put: put(item) }, ...lines.map((line) => ({ Update: take(line) }))],
        }),
      );
      return item;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const [ofOrder, ...ofLines] = error.CancellationReasons ?? [];
      if (failed(ofOrder)) return "decided";
      const index = ofLines.findIndex(failed);
      const line = lines[index];
      if (line === undefined) throw error;
      return { line, available: stockOf(ofLines[index]) };
    }
  }

  /** Writes a rejection, unless the order has been decided meanwhile. */
  async function reject(item: Order): Promise<Order | "decided"> {
    try {
      await dynamodb.send(new PutCommand(put(item)));
      return item;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return "decided";
      throw error;
    }
  }

  async function get(orderID: string): Promise<Order | undefined> {
    const { Item } = await dynamodb.send(
      new GetCommand({ TableName: ordersTable, Key: { orderID }, ConsistentRead: true }),
    );
    return Item === undefined ? undefined : order.parse(Item);
  }

  async function decide(placed: Placed): Promise<Order> {
    const lines = taken(placed);
    const refused = tooMany(placed, now(), lines.length);
    let outcome = refused ?? (await patiently(() => confirm(placed, lines)));
    if (outcome !== "decided" && "line" in outcome) outcome = short(placed, now(), outcome.line, outcome.available);
    if (outcome !== "decided" && outcome.status === "REJECTED") {
      const rejection = outcome;
      outcome = await patiently(() => reject(rejection));
    }
    if (outcome !== "decided") return outcome;
    const before = await get(placed.orderID);
    if (before === undefined) throw new Error(`order ${placed.orderID} was there a moment ago, and is not now`);
    return before;
  }

  return { decide, get };
}

interface Short {
  readonly line: Taken;
  readonly available: number | undefined;
}

const failed = (reason: CancellationReason | undefined): boolean => reason?.Code === "ConditionalCheckFailed";

/** The stock that was too small: a reason brings the item as DynamoDB has it; the document client leaves it so. */
function stockOf(reason: CancellationReason | undefined): number | undefined {
  const item = reason?.Item;
  if (item === undefined) return undefined;
  const stock: unknown = item.stock;
  if (typeof stock === "number") return stock;
  return typeof stock === "object" && stock !== null && "N" in stock ? Number(stock.N) : 0;
}

/** Two orders that want the same product meet in DynamoDB, and one is sent away: it comes again after a random while. */
async function patiently<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (attempt === attempts || !passing(error)) throw error;
      await sleep(Math.random() * Math.min(25 * 2 ** attempt, 1000));
    }
  }
}

/** Reasons for which DynamoDB cancels a transaction that would succeed a moment later. */
const passingReasons = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

function passing(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) {
    return (error.CancellationReasons ?? []).some(({ Code }) => Code !== undefined && passingReasons.has(Code));
  }
  return error instanceof Error && error.name === "TransactionConflictException";
}
