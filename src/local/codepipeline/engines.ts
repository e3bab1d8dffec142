import type { Local } from "../service.ts";
import { Engine } from "./engine.ts";

const engines = new WeakMap<Local, Map<string, Engine>>();

const ofLocal = (local: Local): Map<string, Engine> => {
  const found = engines.get(local) ?? new Map<string, Engine>();
  engines.set(local, found);
  return found;
};

/** The one engine of a region, made when it is first asked for. */
export function engineOf(local: Local, region: string): Engine {
  const all = ofLocal(local);
  const found = all.get(region) ?? new Engine(local, region);
  all.set(region, found);
  return found;
}

/** Stops all engines of a local AWS. */
export async function closeEngines(local: Local): Promise<void> {
  await Promise.all([...ofLocal(local).values()].map((engine) => engine.close()));
}
