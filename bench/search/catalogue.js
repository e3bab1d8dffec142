import { readFile } from "node:fs/promises";

const looks =
  "Oak Walnut Brass Copper Linen Woollen Ceramic Glass Leather Steel Bamboo Marble Cotton Silk Cork Slate".split(" ");
const moods =
  "Quiet Bright Nordic Coastal Vintage Modern Rustic Golden Evening Morning Alpine Urban Garden Harbour".split(" ");
const things = {
  furniture: "Chair Table Desk Bench Stool Shelf Cabinet Sofa".split(" "),
  kitchen: "Kettle Mug Bowl Knife Pan Teapot Board Carafe".split(" "),
  lighting: "Lamp Lantern Chandelier Candle Sconce".split(" "),
  clothing: "Jacket Scarf Shirt Boots Gloves Hat Sweater".split(" "),
  outdoors: "Tent Hammock Backpack Compass Blanket Bottle".split(" "),
};
const praise = [
  "Made to be used every day and to look better for it.",
  "A small thing that changes how a room feels in the evening.",
  "Light enough to carry, strong enough to be lent to friends.",
  "Finished by hand, so that no two of them are quite the same.",
  "Packed without plastic and repaired free of charge for ten years.",
];

/** So many products: those of the file, again and again if it has fewer, or generated ones, the same in every run. */
export async function catalogue(count, file) {
  const given =
    file === undefined
      ? undefined
      : (await readFile(file, "utf8"))
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
  return Array.from({ length: count }, (_, i) => {
    if (given === undefined) return generated(i);
    const product = given[i % given.length];
    const round = Math.floor(i / given.length);
    return round === 0
      ? product
      : { ...product, productID: `${product.productID}-${round}`, name: `${product.name} ${round}` };
  });
}

function generated(i) {
  const pick = (list, stride) => list[Math.floor(i / stride) % list.length];
  const category = pick(Object.keys(things), 1);
  const thing = pick(things[category], 5);
  const name = `${pick(moods, 7)} ${pick(looks, 3)} ${thing} ${1000 + (i % 9000)}`;
  return {
    productID: `product-${String(i).padStart(6, "0")}`,
    name,
    description: `${pick(praise, 2)} ${pick(praise, 11)} In ${pick(looks, 13).toLowerCase()} and ${pick(looks, 17).toLowerCase()}.`,
    category,
    style: pick(moods, 19).toLowerCase(),
    price: ((i * 7919) % 50_000) / 100 + 1,
    stock: i % 40,
  };
}

/** What people type into a search box: words of names, their beginnings, and words with two letters in the wrong order. */
export function queries(products, count) {
  return Array.from({ length: count }, (_, i) => {
    const words = products[(i * 7919) % products.length].name
      .toLowerCase()
      .split(/\W+/)
      .filter((word) => word.length > 2);
    const word = words[i % words.length] ?? "chair";
    if (i % 4 === 1) return word.slice(0, 3);
    if (i % 4 === 2) return words.slice(0, 2).join(" ");
    if (i % 4 === 3 && word.length > 4) return `${word.slice(0, 2)}${word[3]}${word[2]}${word.slice(4)}`;
    return word;
  });
}
