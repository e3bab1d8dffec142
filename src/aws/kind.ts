import { type Fields, type Kind, type Lookup, makerOf } from "../engine/resource.ts";
import type { Aws } from "./clients.ts";

/** Declares a kind of AWS resource, and gives what makes resources of it: `queue("OrderQueue", { … })`. */
export function defineKind<Spec extends Fields, Out extends string>(kind: Kind<Aws, Spec, Out>) {
  return Object.assign(makerOf(kind), { kind });
}

/** Declares something that must be there already, and gives what makes references to it. */
export function defineLookup<Spec extends Fields, Out extends string>(kind: Lookup<Aws, Spec, Out>) {
  return Object.assign(makerOf<Aws, Spec, Out>(kind), { kind });
}
