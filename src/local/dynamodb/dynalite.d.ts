/** What is used of dynalite 4, which has no types of its own. Everything is in the wire's shapes: binary is base64. */

declare module "dynalite/db/index.js" {
  import type { AbstractLevel } from "abstract-level";
  import type { Item, Row, TableShape } from "dynalite";

  interface Database {
    create(options: { path: string }): { db: AbstractLevel<string, string, Row>; options: { maxItemSize: number } };
    createKey(item: Item, table: TableShape): string;
    createIndexKey(item: Item, table: TableShape, keySchema: TableShape["KeySchema"]): string;
    /** Answers an error, does not throw it. */
    validateItem(item: Item, table: TableShape): Error | undefined;
    validateKey(key: Item, table: TableShape): Error | undefined;
    checkConditional(data: object, existing: Item | undefined): Error | null | undefined;
    getIndexActions(
      indexes: TableShape["GlobalSecondaryIndexes"],
      before: Item | null,
      after: Item,
      table: TableShape,
    ): { puts: { index: string; key: string; item: Item }[] };
  }
  const db: Database;
  export default db;
}

declare module "dynalite/validations/index.js" {
  interface Checks {
    checkTypes(data: object, types: object): Record<string, unknown>;
    checkValidations(data: object, types: object, custom: unknown, store: object): void;
  }
  const checks: Checks;
  export default checks;
}

declare module "dynalite/validations/*" {
  const rules: { types: object; custom?: unknown };
  export default rules;
}

declare module "dynalite/actions/*" {
  import type { Store } from "dynalite";

  const action: (store: Store, data: object, done: (error: unknown, output?: unknown) => void) => void;
  export default action;
}

declare module "dynalite" {
  import type { Stream } from "node:stream";

  export type Item = Record<string, Record<string, unknown>>;
  export type Row = Item | string;
  type Done<Value> = (error: unknown, value?: Value) => void;

  export interface IndexShape {
    IndexName: string;
    KeySchema: { AttributeName: string; KeyType: string }[];
    Projection: { ProjectionType?: string; NonKeyAttributes?: string[] };
  }
  export interface TableShape {
    TableName: string;
    KeySchema: { AttributeName: string; KeyType: string }[];
    AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
    LocalSecondaryIndexes?: IndexShape[];
    GlobalSecondaryIndexes?: IndexShape[];
  }
  export interface Range {
    gt?: string;
    gte?: string;
    lt?: string;
    lte?: string;
    limit?: number;
    reverse?: boolean;
  }
  export interface Rows {
    get(key: string, done: Done<Item>): void;
    put(key: string, item: Item, done: Done<void>): void;
    del(key: string, done: Done<void>): void;
    lock(key: string, run: (release: <F>(done: F) => F) => void): void;
    createValueStream(range: Range): Stream;
  }
  /** What an action asks of its store. */
  export interface Store {
    options: { maxItemSize: number };
    getTable(name: string, checkStatus: boolean | Done<TableShape>, done?: Done<TableShape>): void;
    getItemDb(table: string): Rows;
    getIndexDb(type: string, table: string, index: string): Rows;
  }
}
