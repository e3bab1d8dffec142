import type { Aws } from "../aws/clients.ts";
import type { Outcome } from "../engine/apply.ts";
import type { Event } from "../engine/event.ts";
import type { Change } from "../engine/plan.ts";
import { Problem } from "../engine/problem.ts";
import { referencesIn } from "../engine/reference.ts";
import { readOne, type Survey } from "../engine/survey.ts";
import { sleep } from "../engine/wait.ts";
import type { Session } from "./session.ts";

const POLL = 5_000;
/** On this machine a person is quicker, and nobody counts the calls. */
const LOCAL_POLL = 250;
const AT_MOST = 60 * 60 * 1000;

/** What waits for a person, and keeps others waiting: only that is worth waiting for. */
export const blockersIn = ({ left }: Outcome, changes: readonly Change<Aws>[], survey: Survey): Change<Aws>[] => {
  const ids = new Set(left.map(({ id }) => id));
  return changes.filter(
    ({ resource: { id } }) =>
      ids.has(id) &&
      survey.get(id)?.live?.state?.is === "pending" &&
      changes.some(({ resource }) => ids.has(resource.id) && referencesIn(resource.spec).has(id)),
  );
};

/** Looks again and again until a person has acted. Throws a Problem after an hour. */
export async function waitForPerson(
  blockers: readonly Change<Aws>[],
  survey: Survey,
  { aws, signal, local }: Pick<Session, "aws" | "signal"> & { local: boolean },
  report: (event: Event) => void,
): Promise<void> {
  if (!aws) return;
  const began = performance.now();
  for (const { resource } of blockers) {
    for (;;) {
      const { live } = await readOne(aws, resource, survey);
      // What cannot be read, or has gone, is the next run's business.
      if (live?.state?.is !== "pending") break;
      const seconds = Math.round((performance.now() - began) / 1000);
      if (seconds * 1000 > AT_MOST)
        throw new Problem(
          "waited-in-vain",
          `${resource.id} still waits for a person`,
          live.state.why,
          "finish that, and run the command again",
        );
      report({ event: "waiting", id: resource.id, why: live.state.why, seconds });
      await sleep(local ? LOCAL_POLL : POLL, signal);
    }
  }
}

/** How the handshake of a connection is finished on this machine, where no GitHub asks anybody. */
export function localHandshakes({ connection: { endpoint } }: Session, survey: Survey): string[] {
  return [...survey].flatMap(([id, { live }]) =>
    id.startsWith("connections:connection/") && live?.state?.is === "pending"
      ? [
          "On this machine nobody is asked. The handshake is finished by:",
          `  curl -X POST ${endpoint}/_ecomctl/connections/${encodeURIComponent(String(live.outputs.arn))}/available`,
        ]
      : [],
  );
}
