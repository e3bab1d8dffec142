import { randomUUID } from "node:crypto";
import type { LoadBalancer } from "@aws-sdk/client-ecs";
import { attachInterface, detachInterface } from "../ec2/interfaces.ts";
import { ec2State } from "../ec2/state.ts";
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

/** What CreateService asks about a target group; undefined if there is none. */
export function targetGroup(_local: Local, _region: string, _arn: string) {
  return { targetType: "ip", attached: true };
}
export function targetHealth(_l: Local, _r: string, _arn: string, _task: TaskRecord, _port: number): string {
  return "healthy";
}
export function register(_l: Local, _r: string, _target: LoadBalancer, _task: TaskRecord): void {}
export async function deregister(_l: Local, _r: string, _target: LoadBalancer, _task: TaskRecord): Promise<void> {}
