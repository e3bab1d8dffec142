import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Entry, parseCatalogue, readProducts } from "../../src/seed/catalogue.ts";
import { shardOf, toItem } from "../../src/seed/product.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "catalogue-"));
});
afterAll(() => rm(dir, { recursive: true }));

const product = (productID: string) => ({
  productID,
  name: "Ladle",
  description: "Ladles.",
  category: "Kitchen",
  price: 9.5,
  stock: 3,
});

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

async function entriesOf(name: string, text: string): Promise<Entry[]> {
  await writeFile(join(dir, name), text);
  return collect(parseCatalogue(join(dir, name)));
}

describe("a catalogue", () => {
  it("is read as NDJSON, counting its empty lines", async () => {
    const lines = [JSON.stringify(product("a")), "", JSON.stringify(product("b"))];
    expect(await entriesOf("a.ndjson", `\uFEFF${lines.join("\r\n")}\n`)).toEqual([
      { line: 1, product: product("a") },
      { line: 3, product: product("b") },
    ]);
  });

  it("is read as a JSON array, each element with the line it begins on", async () => {
    const tricky = { ...product("b"), name: '} ], "quoted" \\' };
    expect(await entriesOf("a.json", `\n${JSON.stringify([product("a"), tricky], null, 2)}`)).toEqual([
      { line: 3, product: product("a") },
      { line: 11, product: tricky },
    ]);
  });

  it("is read as CSV whatever the case of its headings, and numbers become numbers", async () => {
    const csv = 'ProductId,Name,Description,Category,Style,Price,STOCK,colour\na,Ladle,"Ladles.",Kitchen,,9.50,3,red\n';
    expect(await entriesOf("a.csv", csv)).toEqual([{ line: 2, product: product("a") }]);
  });

  it("reports each bad line with its number and reason, and goes on", async () => {
    const lines = [
      JSON.stringify({ ...product("a"), price: 1.005 }),
      "{ not json",
      JSON.stringify({ ...product("c,d"), stock: -1 }),
      JSON.stringify(product("e")),
    ];
    const entries = await entriesOf("bad.ndjson", lines.join("\n"));
    expect(entries).toEqual([
      { line: 1, error: "price: at most two decimals" },
      { line: 2, error: expect.stringContaining("not JSON") },
      { line: 3, error: expect.stringMatching(/^productID: .*; stock: /) },
      { line: 4, product: product("e") },
    ]);
  });

  it("reports rows that are no CSV in their place, once", async () => {
    const csv =
      'productID,name,description,category,price,stock\na,Ladle,Ladles.,Kitchen,9.5,3\nb"x",y\nc,d\ne,Ladle,Ladles.,Kitchen,cheap,3\n';
    expect(await entriesOf("bad.csv", csv)).toEqual([
      { line: 2, product: product("a") },
      { line: 3, error: expect.stringContaining("not CSV") },
      { line: 4, error: expect.stringContaining("not CSV") },
      { line: 5, error: expect.stringContaining("price") },
    ]);
  });

  it("reports an array element that is no JSON, and goes on with the next", async () => {
    const text = `[{"productID": oops},\n${JSON.stringify(product("b"))}]`;
    expect(await entriesOf("bad.json", text)).toEqual([
      { line: 1, error: expect.stringContaining("not JSON") },
      { line: 2, product: product("b") },
    ]);
  });

  it("says that an array is not closed", async () => {
    expect(await entriesOf("open.json", '[{"productID": "a"')).toEqual([
      { line: 1, error: "not JSON: the array is not closed" },
    ]);
  });

  it("takes the first of two products with one productID and reports the later line", async () => {
    const lines = [product("a"), product("b"), product("a")].map((each) => JSON.stringify(each));
    const entries = await entriesOf("twice.ndjson", lines.join("\n"));
    expect(entries.at(-1)).toEqual({ line: 3, error: 'productID: "a" is already on line 1' });
  });

  it("hands its products on and its bad lines aside", async () => {
    await writeFile(join(dir, "mixed.ndjson"), `${JSON.stringify(product("a"))}\n{}\n`);
    const bad: number[] = [];
    const good = await collect(readProducts(join(dir, "mixed.ndjson"), ({ line }) => bad.push(line)));
    expect(good).toEqual([product("a")]);
    expect(bad).toEqual([2]);
  });

  it("fails as a whole if there is no such file", async () => {
    await expect(collect(parseCatalogue(join(dir, "nowhere.csv")))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("the sample catalogue", () => {
  it("has 60 products or more, all good, in eight categories or more, some of them scarce", async () => {
    const path = new URL("../../templates/catalogue.ndjson", import.meta.url).pathname;
    const products = await collect(readProducts(path, ({ line, error }) => expect.fail(`line ${line}: ${error}`)));
    expect(products.length).toBeGreaterThanOrEqual(60);
    expect(new Set(products.map(({ category }) => category)).size).toBeGreaterThanOrEqual(8);
    expect(new Set(products.map(({ name }) => name)).size).toBe(products.length);
    expect(products.filter(({ stock }) => stock <= 1).length).toBeGreaterThanOrEqual(2);
  });
});

describe("the item of a product", () => {
  it("has the types of the table, and no style if there is none", () => {
    expect(toItem({ ...product("ab") }, 1700000000000)).toEqual({
      productID: { S: "ab" },
      name: { S: "Ladle" },
      description: { S: "Ladles." },
      category: { S: "Kitchen" },
      price: { N: "9.5" },
      stock: { N: "3" },
      shard: { S: "3" },
      updatedAt: { N: "1700000000000" },
    });
  });

  it("goes to one of four shards by the bytes of its productID", () => {
    expect(["a", "b", "c", "d", "ab"].map(shardOf)).toEqual(["1", "2", "3", "0", "3"]);
  });
});
