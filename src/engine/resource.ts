import { reference } from "./reference.ts";

/** The words a resource is described by; every value is JSON. `null` says "none of it"; what is left out belongs to AWS. */
export type Fields = Record<string, unknown>;

/** What only AWS can tell: a string, or a list of strings. */
export type Output = string | readonly string[];
export type Outputs<Out extends string> = Readonly<Record<Out, Output>>;

/**
 * busy: somebody is at work on it · going: being deleted · pending: a person must act · failed: as it is, it will not work ·
 * begun: only what an interrupted creation left of it is there, which `up` goes on from, and `down` takes away.
 */
export interface State {
  readonly is: "busy" | "going" | "pending" | "failed" | "begun";
  readonly why: string;
}

/** Whether a thing that is there also works, in one line for a person. */
export interface Health {
  readonly healthy: boolean;
  readonly why: string;
}

/** Whose a thing is, as its tag `ecomctl:stack` says; `null`: it has no such tag; left out: a part, which is its owner's. */
export type Owned = {
  readonly stack?: string | null;
};

/** A thing as AWS has it, told in the words of its own spec. */
export interface Live<Spec extends Fields = Fields, Out extends string = string> {
  readonly spec: Readonly<Partial<Spec>> & Owned;
  /** What AWS has not told yet is left out: it stays unknown. */
  readonly outputs: Partial<Outputs<Out>>;
  /** Left out: at rest and usable. */
  readonly state?: State;
  /** It carries the tag of an adopted thing: `down` lets it go instead of deleting it. */
  readonly adopted?: boolean;
}

/** Whether a thing is there for others to rely on: what is going, or merely begun, is not. */
export const isThere = (live: Live | undefined): live is Live =>
  live !== undefined && live.state?.is !== "going" && live.state?.is !== "begun";

/** What a kind is asked to write: its own words, and whose the thing is to be. */
export type Want<Spec extends Fields> = Readonly<Spec> & { readonly stack: string; readonly adopted?: boolean };

/** Something that must be there already: read, never written. */
export interface Lookup<Aws, Spec extends Fields = Fields, Out extends string = string> {
  /** `service:thing`, e.g. `sqs:queue`. */
  readonly type: string;
  /** What only AWS can tell (`arn`, `url`); `name` comes by itself. */
  readonly outputs: readonly Out[];
  /** Reads it. `want` serves to find it and for nothing else: references in it may not be filled in yet. */
  read(aws: Aws, name: string, want: Readonly<Spec>): Promise<Live<Spec, Out> | undefined>;
  /** What a person does when it is not there. */
  readonly missing?: string;
}

/** One sort of AWS resource, described once: up, down, step, status, dry run and drift all follow from it. */
export interface Kind<Aws, Spec extends Fields = Fields, Out extends string = string> extends Lookup<Aws, Spec, Out> {
  /** The field that refers to its owner: found through it, ours if it is, gone when it is. */
  readonly partOf?: keyof Spec & string;
  /** The fields AWS cannot change in place. */
  readonly fixed?: readonly (keyof Spec & string)[];
  /** Why `down` leaves it, unless told to delete data. */
  readonly kept?: string;
  /** Says, in the plan, why AWS would refuse this later. `want` may hold references. */
  check?(name: string, want: Readonly<Spec>): string | undefined;
  create(aws: Aws, name: string, want: Want<Spec>): Promise<void>;
  update(
    aws: Aws,
    name: string,
    want: Want<Spec>,
    have: Live<Spec, Out>,
    changed: ReadonlySet<keyof Spec | "stack">,
  ): Promise<void>;
  delete(aws: Aws, name: string, have: Live<Spec, Out>): Promise<void>;
  /** Takes our tags off an adopted thing and leaves it. Parts have none. */
  release?(aws: Aws, name: string, have: Live<Spec, Out>): Promise<void>;
  health?(aws: Aws, name: string, have: Live<Spec, Out>): Promise<Health>;
}

/** One resource of the platform: plain data, so a platform can be printed, compared and tested as a value. */
export interface Resource<Aws, Spec extends Fields = Fields, Out extends string = string> {
  /** `sqs:queue/OrderQueue` */
  readonly id: string;
  readonly name: string;
  readonly kind: Kind<Aws, Spec, Out> | Lookup<Aws, Spec, Out>;
  readonly spec: Readonly<Spec>;
  /** Fields that belong to somebody else as soon as the thing is there. */
  readonly once: readonly string[];
  /** Who owns such a field, for a person: `{ image: "the pipeline" }`. */
  readonly owners: Readonly<Record<string, string>>;
  /** False: the configuration turned it off; described so that it is found and removed. */
  readonly wanted: boolean;
  /** Some fields of a resource that is described whole elsewhere: it can be mended, never made. */
  readonly view: boolean;
  /** Stand-ins for its outputs: `topic.ref.arn`. */
  readonly ref: Readonly<Record<Out | "name", string>>;
}

/** What a call site may say beside the spec. */
export interface Placement<Spec extends Fields> {
  readonly once?: readonly (keyof Spec & string)[];
  readonly owners?: Readonly<Partial<Record<keyof Spec & string, string>>>;
  readonly wanted?: boolean;
}

/** Makes resources of a kind: `queue("OrderQueue", { … })`. */
export const makerOf =
  <Aws, Spec extends Fields, Out extends string>(kind: Kind<Aws, Spec, Out> | Lookup<Aws, Spec, Out>) =>
  (name: string, spec: Spec, place: Placement<Spec> = {}): Resource<Aws, Spec, Out> => {
    const { once = [], owners = {}, wanted = true } = place;
    const id = `${kind.type}/${name}`;
    const refs = [...kind.outputs, "name"].map((output) => [output, reference(id, output)]);
    return { id, name, kind, spec, once, owners: { ...owners }, wanted, view: false, ref: Object.fromEntries(refs) };
  };

/** Some fields of a resource alone, to be mended by a step of their own. */
export const viewOf = <Aws, Spec extends Fields, Out extends string>(
  whole: Resource<Aws, Spec, Out>,
  fields: readonly (keyof Spec & string)[],
): Resource<Aws, Spec, Out> => ({
  ...whole,
  spec: Object.fromEntries(fields.map((field) => [field, whole.spec[field]])) as Spec,
  view: true,
});

/** Whether a resource can be written at all; the others are lookups. */
export const isWritable = <Aws>(kind: Kind<Aws> | Lookup<Aws>): kind is Kind<Aws> => "create" in kind;

/** One stage of the guide. */
export interface Step<Aws> {
  readonly number: number;
  /** `queues` */
  readonly title: string;
  readonly resources: readonly Resource<Aws>[];
  /** Why there is nothing to do in it, and how to turn it on. */
  readonly off?: string;
}
