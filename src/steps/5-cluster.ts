import { cluster } from "../aws/ecs/cluster.ts";
import { logGroup } from "../aws/logs/log-group.ts";
import { namespace } from "../aws/servicediscovery/namespace.ts";
import type { Shop } from "../config.ts";

/**
 * Step 5: the cluster, the namespace its services know one another by, and where they log.
 * The guide makes no log groups: ECS then starts no task, or logs for ever.
 */
export function clusters({ names, logs }: Shop) {
  const retention = logs.retentionDays;
  const mesh = namespace(names.namespace, {});
  const home = cluster(names.cluster, { insights: "enabled", providers: ["FARGATE"], namespace: mesh.ref.arn });
  const group = (name: string) => logGroup(`${names.logGroupPrefix}/${name}`, { retention });
  const groups = {
    web: group(names.webService),
    search: group(names.searchService),
    order: group(names.orderService),
    proxies: group("service-connect"),
  };
  // Container Insights makes its own, which would outlive the cluster and never forget.
  const insights = logGroup(`/aws/ecs/containerinsights/${names.cluster}/performance`, { retention });
  const resources = [mesh, home, ...Object.values(groups), insights];
  return { number: 5, title: "cluster", cluster: home, namespace: mesh, groups, resources };
}
