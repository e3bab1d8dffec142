/** The tag that says whose a resource is: `name/region`, or `name/stage/region`. */
export const STACK = "ecomctl:stack";
/** The tag of a resource that was there before us: `down` lets it go. */
export const ADOPTED = "ecomctl:adopted";
const OURS = [STACK, ADOPTED];

export interface Ownership {
  readonly stack: string;
  readonly adopted?: boolean;
}

/** The owner's tags as a map, as SQS, CloudWatch Logs and Application Auto Scaling take them. */
export const tagMap = ({ stack, adopted }: Ownership): Record<string, string> => ({
  [STACK]: stack,
  ...(adopted && { [ADOPTED]: "true" }),
});

/** The owner's tags as `[{ Key, Value }]`, as most services take them. */
export const tagList = (owner: Ownership): { Key: string; Value: string }[] =>
  Object.entries(tagMap(owner)).map(([Key, Value]) => ({ Key, Value }));

/** The owner's tags as `[{ key, value }]`, as ECS, CodeBuild and CodePipeline take them. */
export const tagListLower = (owner: Ownership): { key: string; value: string }[] =>
  Object.entries(tagMap(owner)).map(([key, value]) => ({ key, value }));

type AnyTag = { Key?: string; Value?: string; key?: string; value?: string };

/** Whose a thing is, from its tags in whatever shape the service gives them. */
export function ownerIn(tags: Record<string, string> | readonly AnyTag[] | undefined): {
  stack: string | null;
  adopted: boolean;
} {
  const map = Array.isArray(tags)
    ? Object.fromEntries(
        (tags as readonly AnyTag[]).map((tag) => [tag.Key ?? tag.key ?? "", tag.Value ?? tag.value ?? ""]),
      )
    : ((tags ?? {}) as Record<string, string>);
  return { stack: map[STACK] ?? null, adopted: map[ADOPTED] === "true" };
}

/** The keys to take away when a thing is let go. */
export const tagKeys: string[] = OURS;
