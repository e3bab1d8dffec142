import { randomUUID } from "node:crypto";
import type { LoadBalancer } from "@aws-sdk/client-ecs";
import { attachInterface, detachInterface } from "../ec2/interfaces.ts";
import { ec2State } from "../ec2/state.ts";
import type { Health } from "../elbv2/health.ts";
import { type Address, deregisterTarget, registerTarget, targetGroupOf, targetHealth } from "../elbv2/targets.ts";
import type { Local } from "../service.ts";
import type { InterfaceRecord, TaskRecord } from "./task-record.ts";

/** Puts a task's network interface into the first of its subnets. */
export function addInterface(local: Local, region: string, task: TaskRecord): InterfaceRecord | undefined {
  const subnet = task.network?.subnets?.[0];
  if (!task.network || subnet === undefined) return undefined;
  const attachment = randomUUID();
  const made = attachInterface(local, region, {
    subnet,
    groups: task.network.securityGroups ?? [],
    description: `arn:aws:ecs:${region}:${local.account}:attachment/${attachment}`,
    owner: "ecs",
    publicIp: task.network.assignPublicIp === "ENABLED",
  });
  const { zone } = ec2State(local, region).subnets[subnet] ?? {};
  return { attachment, id: made.eniId, subnet, mac: made.mac, ip: made.privateIp, zone: zone && `${region}${zone}` };
}

/** Takes the interface away again. */
export function dropInterface(local: Local, region: string, task: TaskRecord): void {
  if (task.interface) detachInterface(local, region, task.interface.id);
}

/** Where a target really is: nowhere, if the task is a mere record. */
function addressOf(task: TaskRecord, target: LoadBalancer): Address | undefined {
  const port = task.ports[String(target.containerPort)];
  return port === undefined ? undefined : { id: "127.0.0.1", port };
}

/** How a task is as a target. What is a record is well; a group that was deleted makes no task unhealthy. */
export function targetState(local: Local, region: string, task: TaskRecord, target: LoadBalancer): Health["state"] {
  const address = addressOf(task, target);
  if (!address) return "healthy";
  const group = target.targetGroupArn ?? "";
  return targetGroupOf(local, region, group) ? targetHealth(local, region, group, address).state : "unused";
}

/** Puts a task into a target group; a group that was deleted is left alone. */
export function register(local: Local, region: string, task: TaskRecord, target: LoadBalancer): void {
  const address = addressOf(task, target);
  const group = target.targetGroupArn ?? "";
  if (address && targetGroupOf(local, region, group)) registerTarget(local, region, group, address);
}

/** Takes a task out of a target group; resolves when its requests have ended. */
export async function deregister(local: Local, region: string, task: TaskRecord, target: LoadBalancer): Promise<void> {
  const address = addressOf(task, target);
  if (address) await deregisterTarget(local, region, target.targetGroupArn ?? "", address);
}
