import type { ECS, TaskDefinition } from "@aws-sdk/client-ecs";
import { iamState } from "../iam/state.ts";
import { page } from "../page.ts";
import { type Call, type Handlers, type Local, Refusal } from "../service.ts";
import { checkDefinition } from "./definition-check.ts";
import { definitionForm } from "./definition-form.ts";
import { arnOf, type DefinitionRecord, type EcsState, nameOf } from "./state.ts";

/** A definition that nobody uses any more is deleted about an hour after DeleteTaskDefinitions. */
const DELETION_TAKES = 3_600_000;

const unknown = () => new Refusal("ClientException", "Unable to describe task definition.");

/** A revision by family (the latest ACTIVE), family:revision or ARN; throws ClientException. */
export function definitionOf(state: EcsState, reference: string): DefinitionRecord {
  const [family = "", revision] = nameOf(reference).split(":");
  const revisions = state.families[family]?.revisions ?? [];
  const found =
    revision === undefined
      ? revisions.findLast((each) => each.status === "ACTIVE")
      : revisions.find((each) => each.definition.revision === Number(revision));
  if (!found) throw unknown();
  return found;
}

/** A revision that may be run; throws ClientException if it is INACTIVE. */
export function activeDefinition(state: EcsState, reference: string): DefinitionRecord {
  const found = definitionOf(state, reference);
  if (found.status !== "ACTIVE") throw new Refusal("ClientException", "TaskDefinition is inactive");
  return found;
}

const date = (at: number | undefined) => (at === undefined ? undefined : new Date(at));
const view = (record: DefinitionRecord): TaskDefinition => ({
  ...record.definition,
  status: record.status,
  registeredAt: new Date(record.registeredAt),
  deregisteredAt: date(record.deregisteredAt),
  deleteRequestedAt: date(record.deleteRequestedAt),
});

/** Refuses a role that is not there; AWS says the same of one it cannot see yet. */
function checkRoles(local: Local, account: string, roles: readonly (string | undefined)[]): void {
  for (const role of roles) {
    if (role === undefined) continue;
    const known = iamState(local).roles[nameOf(role).toLowerCase()];
    if (!known || (role.startsWith("arn:") && (known.arn !== role || !role.includes(`::${account}:`))))
      throw new Refusal("ClientException", "Role is not valid");
  }
}

/** What DeleteTaskDefinitions asked for goes when nothing runs it any more. */
function sweepDeleted({ state, local }: Call<EcsState>): void {
  const used = new Set([
    ...Object.values(state.tasks).flatMap((task) => (task.lastStatus === "STOPPED" ? [] : [task.definition])),
    ...Object.values(state.services).flatMap((service) =>
      service.status === "INACTIVE"
        ? []
        : service.revisions.flatMap((each) =>
            [...service.deployments, service.lastCompleted].some((deployment) => deployment?.revision === each.arn)
              ? [each.taskDefinition]
              : [],
          ),
    ),
  ]);
  const gone = (each: DefinitionRecord) =>
    each.deleteRequestedAt !== undefined &&
    each.deleteRequestedAt + local.lasts(DELETION_TAKES) <= local.clock.now() &&
    !used.has(each.definition.taskDefinitionArn);
  for (const family of Object.values(state.families)) family.revisions = family.revisions.filter((each) => !gone(each));
}

/** Task definitions: registered, described, retired. */
export const definitions: Handlers<ECS, EcsState> = {
  RegisterTaskDefinition: (input, call) => {
    checkDefinition(input);
    checkRoles(call.local, call.account, [input.taskRoleArn, input.executionRoleArn]);
    const name = input.family ?? "";
    call.state.families[name] ??= { last: 0, revisions: [] };
    const family = call.state.families[name];
    family.last += 1;
    const arn = arnOf(call, `task-definition/${name}:${family.last}`);
    const record: DefinitionRecord = {
      definition: definitionForm(input, {
        arn,
        revision: family.last,
        registeredBy: call.caller.arn,
        account: call.account,
      }),
      status: "ACTIVE",
      registeredAt: call.local.clock.now(),
      tags: input.tags ?? [],
    };
    family.revisions.push(record);
    return { taskDefinition: view(record), tags: record.tags };
  },
  DescribeTaskDefinition: ({ taskDefinition = "", include = [] }, call) => {
    sweepDeleted(call);
    const record = definitionOf(call.state, taskDefinition);
    return { taskDefinition: view(record), tags: include.includes("TAGS") ? record.tags : [] };
  },
  ListTaskDefinitions: ({ familyPrefix, status = "ACTIVE", sort = "ASC", maxResults = 100, nextToken }, call) => {
    sweepDeleted(call);
    const found = Object.entries(call.state.families)
      .filter(([name]) => familyPrefix === undefined || name === familyPrefix)
      .sort(([a], [b]) => a.localeCompare(b))
      .flatMap(([, family]) => family.revisions.filter((each) => each.status === status))
      .map((each) => each.definition.taskDefinitionArn);
    const ordered = sort === "DESC" ? found.reverse() : found;
    // the position leads: the order is AWS's, not that of the text
    const { items, next } = page(
      ordered.map((arn, index) => ({ arn, index })),
      (each) => String(each.index).padStart(9, "0"),
      maxResults,
      nextToken,
    );
    return { taskDefinitionArns: items.map((each) => each.arn), nextToken: next };
  },
  ListTaskDefinitionFamilies: ({ familyPrefix = "", status = "ALL", maxResults = 100, nextToken }, { state }) => {
    const found = Object.entries(state.families).filter(([name, { revisions }]) => {
      const active = revisions.some((each) => each.status === "ACTIVE");
      const wanted = status === "ALL" ? revisions.length > 0 : status === "ACTIVE" ? active : !active;
      return name.startsWith(familyPrefix) && wanted;
    });
    const { items, next } = page(found, ([name]) => name, maxResults, nextToken);
    return { families: items.map(([name]) => name), nextToken: next };
  },
  DeregisterTaskDefinition: ({ taskDefinition = "" }, { state, local }) => {
    if (!nameOf(taskDefinition).includes(":"))
      throw new Refusal("InvalidParameterException", "Invalid revision number. Number: null");
    const record = definitionOf(state, taskDefinition);
    if (record.status === "ACTIVE") {
      record.status = "INACTIVE";
      record.deregisteredAt = local.clock.now();
    }
    return { taskDefinition: view(record) };
  },
  DeleteTaskDefinitions: ({ taskDefinitions = [] }, { state, local }) => {
    if (taskDefinitions.length > 10)
      throw new Refusal("InvalidParameterException", "Up to 10 task definitions can be deleted at once.");
    const deleted: TaskDefinition[] = [];
    const failures: { arn?: string; reason?: string; detail?: string }[] = [];
    for (const reference of taskDefinitions) {
      const [family = "", revision] = nameOf(reference).split(":");
      const record = state.families[family]?.revisions.find((each) => each.definition.revision === Number(revision));
      if (!record)
        failures.push({
          arn: reference,
          reason: "TASK_DEFINITION_NOT_FOUND",
          detail: "The specified task definition was not found.",
        });
      else if (record.status === "ACTIVE")
        failures.push({
          arn: record.definition.taskDefinitionArn,
          reason: "TASK_DEFINITION_IS_ACTIVE",
          detail:
            "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
        });
      else {
        record.status = "DELETE_IN_PROGRESS";
        record.deleteRequestedAt ??= local.clock.now();
        deleted.push(view(record));
      }
    }
    return { taskDefinitions: deleted, failures };
  },
};
