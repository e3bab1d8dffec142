import type {
  CreateLoadBalancerCommandInput,
  ElasticLoadBalancingV2,
  LoadBalancer as Shown,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { attachInterface, detachInterface, setInterfaceGroups } from "../ec2/interfaces.ts";
import { ec2State } from "../ec2/state.ts";
import { ensureServiceLinkedRole } from "../iam/linked.ts";
import { page } from "../page.ts";
import { type Call, type Handlers, type Local, Refusal } from "../service.ts";
import { checkName, groupsIn, type Place, placeIn } from "./place.ts";
import { planeOf } from "./plane.ts";
import { type ElbState, elbState, invalid, type LoadBalancer, loadBalancerAt, newId } from "./state.ts";
import { withTags } from "./tags.ts";

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item) => b.includes(item));

/** The one with this name, if it is what is asked for. @throws DuplicateLoadBalancerNameException */
function twin(state: ElbState, name: string, scheme: string, place: Place): LoadBalancer | undefined {
  const found = Object.values(state.loadBalancers).find((balancer) => balancer.name === name);
  if (found === undefined) return undefined;
  const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);
  const same =
    found.scheme === scheme && sameSet(ids(found.subnets), ids(place.subnets)) && sameSet(found.groups, place.groups);
  if (same) return found;
  throw new Refusal(
    "DuplicateLoadBalancerNameException",
    `A load balancer with the same name '${name}' exists, but with different settings`,
  );
}

function shown(balancer: LoadBalancer, region: string, local: Local): Shown {
  return {
    LoadBalancerArn: balancer.arn,
    LoadBalancerName: balancer.name,
    DNSName: `127.0.0.1:${balancer.port}`,
    CanonicalHostedZoneId: "Z35SXDOTRQ7X7K",
    CreatedTime: new Date(balancer.created),
    Scheme: balancer.scheme,
    VpcId: balancer.vpc,
    State: { Code: local.clock.now() < balancer.activeAt ? "provisioning" : "active" },
    Type: "application",
    AvailabilityZones: balancer.subnets.map(({ id, zone }) => ({
      ZoneName: region + zone,
      SubnetId: id,
      LoadBalancerAddresses: [],
    })),
    SecurityGroups: balancer.groups,
    IpAddressType: "ipv4",
  };
}

async function create(input: CreateLoadBalancerCommandInput, { region, account, local }: Call<ElbState>) {
  const { Name: name = "", Scheme: scheme = "internet-facing" } = input;
  checkName(name, "Load balancer");
  if (/^internal-/.test(name)) throw invalid(`Load balancer name '${name}' cannot begin with 'internal-'`);
  if (input.Type !== undefined && input.Type !== "application")
    throw invalid(`Load balancer type '${input.Type}' is not supported here: only 'application' is`);
  const subnets = input.Subnets ?? (input.SubnetMappings ?? []).map((mapping) => mapping.SubnetId ?? "");
  const tags = withTags([], input.Tags);
  const check = () => {
    const place = placeIn(ec2State(local, region), subnets, input.SecurityGroups, scheme === "internet-facing");
    return { place, have: twin(elbState(local, region), name, scheme, place) };
  };
  const before = check();
  if (before.have) return before.have;
  const path = `app/${name}/${newId()}`;
  const arn = `arn:aws:elasticloadbalancing:${region}:${account}:loadbalancer/${path}`;
  const port = await planeOf(local).open(region, arn);
  try {
    // Another call may have come in between.
    const { place, have } = check();
    if (have) {
      planeOf(local).close(arn);
      return have;
    }
    const now = local.clock.now();
    ensureServiceLinkedRole(local, "elasticloadbalancing.amazonaws.com");
    const balancer: LoadBalancer = {
      name,
      arn,
      scheme,
      vpc: place.vpc,
      subnets: place.subnets.map((subnet) => ({
        ...subnet,
        eni: attach(local, region, path, scheme, subnet.id, place.groups),
      })),
      groups: place.groups,
      created: now,
      activeAt: now + local.lasts(120_000),
      port,
      attributes: {},
      tags,
    };
    elbState(local, region).loadBalancers[arn] = balancer;
    return balancer;
  } catch (error) {
    planeOf(local).close(arn);
    throw error;
  }
}

const attach = (local: Local, region: string, path: string, scheme: string, subnet: string, groups: string[]): string =>
  attachInterface(local, region, {
    subnet,
    groups,
    description: `ELB ${path}`,
    owner: "amazon-elb",
    publicIp: scheme === "internet-facing",
  }).eniId;

/** Application load balancers. */
export const loadBalancers: Handlers<ElasticLoadBalancingV2, ElbState> = {
  CreateLoadBalancer: async (input, call) => ({
    LoadBalancers: [shown(await create(input, call), call.region, call.local)],
  }),
  DescribeLoadBalancers: (input, { state, region, local }) => {
    const all = Object.values(state.loadBalancers);
    const missing = input.Names?.filter((name) => !all.some((balancer) => balancer.name === name)) ?? [];
    if (missing.length > 0)
      throw new Refusal("LoadBalancerNotFoundException", `Load balancers '[${missing.join(", ")}]' not found`);
    const wanted = input.LoadBalancerArns?.map((arn) => loadBalancerAt(state, arn)) ?? all;
    const found = wanted.filter((balancer) => input.Names?.includes(balancer.name) ?? true);
    const { items, next } = page(found, (balancer) => balancer.arn, input.PageSize ?? 400, input.Marker);
    return { LoadBalancers: items.map((balancer) => shown(balancer, region, local)), NextMarker: next };
  },
  // Deleting what is not there succeeds, as the API reference says.
  DeleteLoadBalancer: (input, { state, region, local }) => {
    const balancer = state.loadBalancers[input.LoadBalancerArn ?? ""];
    if (balancer === undefined) return {};
    if (balancer.attributes["deletion_protection.enabled"] === "true")
      throw new Refusal(
        "OperationNotPermittedException",
        `Load balancer '${balancer.arn}' cannot be deleted because deletion protection is enabled`,
      );
    for (const { eni } of balancer.subnets) detachInterface(local, region, eni);
    for (const listener of Object.values(state.listeners))
      if (listener.loadBalancer === balancer.arn) delete state.listeners[listener.arn];
    delete state.loadBalancers[balancer.arn];
    planeOf(local).close(balancer.arn);
    planeOf(local).sync(region);
    return {};
  },
  SetSecurityGroups: (input, { state, region, local }) => {
    const balancer = loadBalancerAt(state, input.LoadBalancerArn);
    if (!input.SecurityGroups?.length) throw invalid("At least one security group must be specified");
    const groups = groupsIn(ec2State(local, region), balancer.vpc, input.SecurityGroups);
    for (const { eni } of balancer.subnets) setInterfaceGroups(local, region, eni, groups);
    balancer.groups = groups;
    return { SecurityGroupIds: balancer.groups };
  },
  SetSubnets: (input, { state, region, local }) => {
    const balancer = loadBalancerAt(state, input.LoadBalancerArn);
    const ids = input.Subnets ?? (input.SubnetMappings ?? []).map((mapping) => mapping.SubnetId ?? "");
    const place = placeIn(ec2State(local, region), ids, balancer.groups, balancer.scheme === "internet-facing");
    const stays = balancer.subnets.filter((subnet) => ids.includes(subnet.id));
    for (const gone of balancer.subnets) if (!stays.includes(gone)) detachInterface(local, region, gone.eni);
    const path = balancer.arn.slice(balancer.arn.indexOf("app/"));
    balancer.subnets = place.subnets.map(
      (subnet) =>
        stays.find((stay) => stay.id === subnet.id) ?? {
          ...subnet,
          eni: attach(local, region, path, balancer.scheme, subnet.id, balancer.groups),
        },
    );
    return { AvailabilityZones: shown(balancer, region, local).AvailabilityZones, IpAddressType: "ipv4" };
  },
};
