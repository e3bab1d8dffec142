import type { Filter, Tag } from "@aws-sdk/client-ec2";
import { like } from "../like.ts";
import { page } from "../page.ts";
import { Refusal } from "../service.ts";

/** What a thing answers to the filters of a Describe call; a list fits if one of its values does. */
export type Words<Item> = Readonly<
  Record<string, (item: Item) => string | boolean | number | undefined | readonly (string | undefined)[]>
>;

const texts = (value: ReturnType<Words<unknown>[string]>): string[] =>
  [value].flat().flatMap((one) => (one === undefined ? [] : `${one}`));

/** Things that fit every filter, by one of its values each; values may hold `*` and `?`. @throws InvalidParameterValue */
export function filtered<Item extends { tags: Tag[] }>(
  items: readonly Item[],
  filters: readonly Filter[] | undefined,
  words: Words<Item>,
): Item[] {
  const tests = (filters ?? []).map(({ Name = "", Values = [] }) => {
    const tag = Name.startsWith("tag:") ? Name.slice(4) : undefined;
    const word: Words<Item>[string] | undefined =
      tag !== undefined
        ? (item) => item.tags.filter(({ Key }) => Key === tag).map(({ Value }) => Value)
        : Name === "tag-key"
          ? (item) => item.tags.map(({ Key }) => Key)
          : words[Name];
    if (word === undefined) throw new Refusal("InvalidParameterValue", `The filter '${Name}' is invalid`);
    return (item: Item) => texts(word(item)).some((text) => Values.some((value) => like(value, text)));
  });
  return items.filter((item) => tests.every((test) => test(item)));
}

/** A page of a Describe call. */
export const paged = <Item extends { id: string }>(
  items: readonly Item[],
  input: { MaxResults?: number; NextToken?: string },
) => page(items, ({ id }) => id, input.MaxResults ?? 1000, input.NextToken);
