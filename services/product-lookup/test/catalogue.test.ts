import { expect, test } from "vitest";
import { Catalogue, type Indexed, type Search } from "../src/catalogue.ts";

const product = (productID: string, name: string, more: Partial<Indexed> = {}): Indexed => ({
  productID,
  name,
  description: "",
  category: "furniture",
  price: 10,
  interest: 0,
  updatedAt: 1,
  ...more,
});

const shelf = [
  product("chair", "Oak Chair", { style: "classic", price: 120, interest: 5 }),
  product("armchair", "Wing Armchair", { description: "A chair to read in.", price: 480 }),
  product("lamp", "Brass Desk Lamp", { category: "lighting", price: 60, interest: 40 }),
  product("desk", "Walnut Desk", { price: 650 }),
  product("cafe", "Café Table", { price: 210 }),
  product("boxes", "Storage Boxes", { category: "home", price: 20 }),
];

function catalogue(products: readonly Indexed[] = shelf): Catalogue {
  const made = new Catalogue();
  for (const each of products) made.put(each);
  return made;
}

const everything: Search = { q: "", sort: "relevance", page: 1, pageSize: 24 };
const ids = (of: Catalogue, search: Partial<Search>) => [...of.search({ ...everything, ...search }).productIDs];

test("words are found in name, category, style and description, the name first", () => {
  expect(ids(catalogue(), { q: "chair" })).toEqual(["chair", "armchair"]);
  expect(ids(catalogue(), { q: "lighting" })).toEqual(["lamp"]);
  expect(ids(catalogue(), { q: "classic" })).toEqual(["chair"]);
});

test.each([
  ["the beginning of a word", "wal", ["desk"]],
  ["a single letter while it is being typed", "w", ["armchair", "desk"]],
  ["two letters in the wrong order", "wlanut", ["desk"]],
  ["a letter too few", "walnt", ["desk"]],
  ["a letter too many", "walnutt", ["desk"]],
  ["a wrong letter", "wolnut", ["desk"]],
  ["two slips in a long word", "armchiarr", ["armchair"]],
  ["another case and accents left out", "CAFE", ["cafe"]],
  ["accents where there are none", "wálnut", ["desk"]],
  ["a plural for a singular", "lamps", ["lamp"]],
  ["a singular for a plural", "box", ["boxes"]],
])("a search forgives %s", (_what, q, found) => {
  expect(ids(catalogue(), { q }).sort()).toEqual([...found].sort());
});

test("all words must stand in a product; where no product has all, those with the most are found", () => {
  expect(ids(catalogue(), { q: "desk lamp" })).toEqual(["lamp"]);
  expect(ids(catalogue(), { q: "walnut desk spaceship" })).toEqual(["desk"]);
});

test("what no product has is not found, and neither is mere punctuation", () => {
  for (const q of ["spaceship", "?!", "zz 99"]) expect(ids(catalogue(), { q })).toEqual([]);
});

test("interest lifts a product among its equals", () => {
  const twins = [product("a", "Red Mug"), product("b", "Red Mug", { interest: 50 })];
  expect(ids(catalogue(twins), { q: "mug" })).toEqual(["b", "a"]);
});

test("without a query everything is found, by interest, then by name", () => {
  expect(ids(catalogue(), {})).toEqual(["lamp", "chair", "cafe", "boxes", "desk", "armchair"]);
});

test("results are sorted as asked", () => {
  expect(ids(catalogue(), { sort: "price-asc" })).toEqual(["boxes", "lamp", "chair", "cafe", "armchair", "desk"]);
  expect(ids(catalogue(), { sort: "price-desc" })[0]).toBe("desk");
  expect(ids(catalogue(), { sort: "name" })).toEqual(["lamp", "cafe", "chair", "boxes", "desk", "armchair"]);
  expect(ids(catalogue(), { sort: "popular" }).slice(0, 2)).toEqual(["lamp", "chair"]);
});

test("filters narrow the results; the counts of the categories leave their own filter out", () => {
  const found = catalogue().search({ ...everything, category: "Furniture", minPrice: 100, maxPrice: 500 });
  expect(found.total).toBe(3);
  expect(new Set(found.productIDs)).toEqual(new Set(["chair", "armchair", "cafe"]));
  expect(catalogue().search({ ...everything, category: "lighting" }).categories).toEqual([
    { name: "furniture", count: 4 },
    { name: "home", count: 1 },
    { name: "lighting", count: 1 },
  ]);
});

test("pages follow each other without gap or repetition, and the one after the last is empty", () => {
  const many = Array.from({ length: 1003 }, (_, i) =>
    product(`p${i}`, `Mug ${i % 7}`, { price: (i * 37) % 101, interest: (i * 31) % 13 }),
  );
  const full = catalogue(many);
  for (const sort of ["relevance", "price-asc", "price-desc", "name", "popular"] as const) {
    const whole = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].flatMap((page) =>
      ids(full, { q: "mug", sort, page, pageSize: 100 }),
    );
    expect(whole.length).toBe(1003);
    expect(new Set(whole).size).toBe(1003);
    expect(ids(full, { q: "mug", sort, page: 12, pageSize: 100 })).toEqual([]);
    if (sort !== "price-asc") continue;
    const prices = whole.map((id) => many[Number(id.slice(1))]?.price ?? 0);
    expect(prices).toEqual([...prices].sort((a, b) => a - b));
  }
});

test("a product that changed is found by its new words only, one that went not at all", () => {
  const changing = catalogue();
  changing.put(product("desk", "Glass Desk", { updatedAt: 2 }));
  expect(ids(changing, { q: "glass" })).toEqual(["desk"]);
  expect(ids(changing, { q: "walnut" })).toEqual([]);
  changing.remove("desk");
  expect(ids(changing, { q: "glass" })).toEqual([]);
  expect(changing.size).toBe(shelf.length - 1);
});

test("news that are older than what is known change nothing", () => {
  const changing = catalogue();
  changing.put(product("desk", "Glass Desk", { updatedAt: 0 }));
  expect(ids(changing, { q: "walnut" })).toEqual(["desk"]);
});

test("garbage is taken out in slices, and the room it took is used again", () => {
  const changing = catalogue();
  for (let round = 2; round < 50; round += 1) changing.put(product("desk", `Desk ${round}`, { updatedAt: round }));
  expect(changing.garbage).toBe(48);
  for (const _slice of changing.purge());
  expect(changing.garbage).toBe(0);
  changing.put(product("stool", "Pine Stool"));
  expect(ids(changing, { q: "desk 49" })).toEqual(["desk"]);
  expect(ids(changing, { q: "walnut" })).toEqual([]);
  expect(ids(changing, { q: "stool" })).toEqual(["stool"]);
  expect(ids(changing, { q: "desk" }).sort()).toEqual(["desk", "lamp"]);
});
