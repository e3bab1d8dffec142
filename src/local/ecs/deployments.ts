import type { ECS } from "@aws-sdk/client-ecs";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import type { HistoryRecord, RevisionRecord, ServiceRecord } from "./service-record.ts";
import { briefView, historyView, revisionView } from "./service-view.ts";
import { type ClusterRecord, clusterNamed, clusterOf, type EcsState, serviceNamed } from "./state.ts";

interface Found<Record> {
  readonly service: ServiceRecord;
  readonly cluster: ClusterRecord;
  readonly record: Record;
}

/** Looks in every service for what bears an ARN. */
function find<Record extends { readonly arn: string }>(
  state: EcsState,
  arn: string,
  of: (service: ServiceRecord) => readonly Record[],
): Found<Record> | undefined {
  for (const service of Object.values(state.services)) {
    const record = of(service).find((each) => each.arn === arn);
    const cluster = clusterNamed(state, service.cluster);
    if (record && cluster) return { service, cluster, record };
  }
  return undefined;
}

const failures = (arns: readonly string[], found: readonly { arn: string; hit: unknown }[]) =>
  arns.flatMap((arn) => (found.some((each) => each.arn === arn && each.hit) ? [] : [{ arn, reason: "MISSING" }]));

/** The history of deployments, and the revisions they ran. */
export const deployments: Handlers<ECS, EcsState> = {
  ListServiceDeployments: ({ service = "", cluster, status, maxResults = 20, nextToken }, { state }) => {
    const owner = clusterOf(state, cluster);
    const found = serviceNamed(state, owner.name, service);
    if (!found) throw new Refusal("ServiceNotFoundException", "Service not found.");
    const wanted = found.history
      .map((each, index) => ({ each, index }))
      .filter(({ each }) => !status?.length || (each.status !== undefined && status.includes(each.status)));
    const { items, next } = page(wanted, ({ index }) => String(index).padStart(6, "0"), maxResults, nextToken);
    return { serviceDeployments: items.map(({ each }) => briefView(found, owner.arn, each)), nextToken: next };
  },
  DescribeServiceDeployments: ({ serviceDeploymentArns = [] }, { state }) => {
    const found = serviceDeploymentArns.map((arn) => ({
      arn,
      hit: find<HistoryRecord>(state, arn, (each) => each.history),
    }));
    return {
      serviceDeployments: found.flatMap(({ hit }) =>
        hit ? [historyView(state, hit.service, hit.cluster.arn, hit.record)] : [],
      ),
      failures: failures(serviceDeploymentArns, found),
    };
  },
  DescribeServiceRevisions: ({ serviceRevisionArns = [] }, { state }) => {
    const found = serviceRevisionArns.map((arn) => ({
      arn,
      hit: find<RevisionRecord>(state, arn, (each) => each.revisions),
    }));
    return {
      serviceRevisions: found.flatMap(({ hit }) =>
        hit ? [revisionView(state, hit.service, hit.cluster.arn, hit.record)] : [],
      ),
      failures: failures(serviceRevisionArns, found),
    };
  },
};
