import { ConditionalCheckFailedException, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, expect, test } from "vitest";
import type { Placed } from "../src/decide.ts";
import { createOrders } from "../src/orders.ts";

const dynamodb = mockClient(DynamoDBDocumentClient);
beforeEach(() => dynamodb.reset());

const orders = createOrders({
  dynamodb: dynamodb as unknown as DynamoDBDocumentClient,
  ordersTable: "Orders",
  productsTable: "Products",
  now: () => 9,
});
const placed: Placed = {
  orderID: "o1",
  lines: [{ productID: "mug", name: "Mug", quantity: 2, price: 5 }],
  customer: { name: "Ada", email: "ada@example.com", address: "1 Engine Street" },
  placedAt: 5,
};

const canceled = (...codes: string[]) =>
  new TransactionCanceledException({
    message: "Transaction cancelled",
    CancellationReasons: codes.map((Code) => ({ Code })),
    $metadata: {},
  });
const conditional = () =>
  new ConditionalCheckFailedException({ message: "The conditional request failed", $metadata: {} });

test("a transaction that met another one is tried again", async () => {
  dynamodb
    .on(TransactWriteCommand)
    .rejectsOnce(canceled("None", "TransactionConflict"))
    .rejectsOnce(canceled("TransactionConflict", "None"))
    .resolves({});
  expect(await orders.decide(placed)).toMatchObject({ status: "CONFIRMED" });
  expect(dynamodb.commandCalls(TransactWriteCommand)).toHaveLength(3);
});

test("a transaction that fails for another reason is not tried again, and decides nothing", async () => {
  dynamodb.on(TransactWriteCommand).rejects(canceled("None", "ValidationError"));
  await expect(orders.decide(placed)).rejects.toThrow("Transaction cancelled");
  expect(dynamodb.commandCalls(TransactWriteCommand)).toHaveLength(1);
  expect(dynamodb.commandCalls(PutCommand)).toHaveLength(0);
});

test("if another delivery confirmed the order between the look at the stock and the rejection, it stays confirmed", async () => {
  const before = { ...placed, status: "CONFIRMED", total: 10, decidedAt: 7 };
  dynamodb.on(TransactWriteCommand).rejects(canceled("TransactionConflict", "ConditionalCheckFailed"));
  dynamodb.on(PutCommand).rejects(conditional());
  dynamodb.on(GetCommand).resolves({ Item: before });
  expect(await orders.decide(placed)).toEqual(before);
});

test("an order of too many products is rejected without a transaction", async () => {
  dynamodb.on(PutCommand).resolves({});
  const lines = Array.from({ length: 100 }, (_, i) => ({ productID: `p${i}`, name: "Mug", quantity: 1, price: 5 }));
  expect(await orders.decide({ ...placed, lines })).toMatchObject({ status: "REJECTED" });
  expect(dynamodb.commandCalls(TransactWriteCommand)).toHaveLength(0);
});
