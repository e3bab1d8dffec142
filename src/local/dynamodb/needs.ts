import type { Need } from "../service.ts";
import { tableArn, tableName } from "./table.ts";

interface Named {
  TableName?: string;
  IndexName?: string;
  ResourceArn?: string;
  Tags?: unknown[];
  RequestItems?: Record<string, unknown>;
  TransactItems?: Record<string, { TableName?: string } | undefined>[];
}

const actionOf: Record<string, string> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
  Get: "GetItem",
};

/** What a caller needs: the action on the table, or on its index; a transaction needs what its parts do. */
export function needsOf(operation: string, given: Record<string, unknown>, region: string, account: string): Need[] {
  const input: Named = given;
  const on = (action: string, name: string, index?: string): Need => ({
    action: `dynamodb:${action}`,
    resource: tableArn(tableName(name), region, account) + (index ? `/index/${index}` : ""),
  });
  if (input.TransactItems)
    return input.TransactItems.flatMap((item) =>
      Object.entries(item).flatMap(([verb, part]) => (part ? [on(actionOf[verb] ?? verb, part.TableName ?? "")] : [])),
    );
  if (input.RequestItems) return Object.keys(input.RequestItems).map((name) => on(operation, name));
  const name = input.TableName ?? input.ResourceArn;
  if (!name) return [{ action: `dynamodb:${operation}`, resource: "*" }];
  const tagged = operation === "CreateTable" && input.Tags?.length;
  return [on(operation, name, input.IndexName), ...(tagged ? [on("TagResource", name)] : [])];
}
