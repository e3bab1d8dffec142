import type { Task } from "@aws-sdk/client-ecs";
import type { Aws } from "../clients.ts";
import { unlessAbsent } from "../errors.ts";

/**
 * Where the newest running task of a service is reached from outside, `host:port`, without a load balancer: by the
 * public address of its network interface, which is another for every task. Undefined where it has none.
 */
export async function publicAddress(
  aws: Aws,
  cluster: string,
  serviceName: string,
  port: number,
): Promise<string | undefined> {
  const listed = await unlessAbsent(
    aws.ecs.listTasks({ cluster, serviceName, desiredStatus: "RUNNING" }),
    "ClusterNotFound",
    "ServiceNotFound",
  );
  const arns = listed?.taskArns ?? [];
  if (arns.length === 0) return undefined;
  const { tasks = [] } = await aws.ecs.describeTasks({ cluster, tasks: arns });
  const [newest] = tasks
    .filter(({ lastStatus }) => lastStatus === "RUNNING")
    .sort((a, b) => (b.startedAt?.getTime() ?? 0) - (a.startedAt?.getTime() ?? 0));
  // Where ECS itself says at which port of its host a container listens, nothing need be asked of EC2.
  const bound = newest?.containers?.flatMap((each) => each.networkBindings ?? []);
  const binding = bound?.find(({ containerPort }) => containerPort === port);
  if (binding?.bindIP && binding.hostPort) return `${binding.bindIP}:${binding.hostPort}`;
  const id = newest && interfaceOf(newest);
  if (!id) return undefined;
  const found = await unlessAbsent(
    aws.ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [id] }),
    "InvalidNetworkInterfaceID.NotFound",
  );
  const ip = found?.NetworkInterfaces?.[0]?.Association?.PublicIp;
  return ip && `${ip}:${port}`;
}

const interfaceOf = ({ attachments = [] }: Task): string | undefined =>
  attachments.flatMap(({ details = [] }) => details).find(({ name }) => name === "networkInterfaceId")?.value;
