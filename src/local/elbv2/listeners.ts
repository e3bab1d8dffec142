import type { Certificate, ElasticLoadBalancingV2, Listener as Shown } from "@aws-sdk/client-elastic-load-balancing-v2";
import { page } from "../page.ts";
import { type Handlers, Refusal } from "../service.ts";
import { actionsFrom } from "./actions.ts";
import { planeOf } from "./plane.ts";
import { markServed } from "./served.ts";
import { type ElbState, invalid, type Listener, listenerAt, loadBalancerAt, newId } from "./state.ts";
import { withTags } from "./tags.ts";

const shown = (listener: Listener): Shown => ({
  ListenerArn: listener.arn,
  LoadBalancerArn: listener.loadBalancer,
  Protocol: listener.protocol,
  Port: listener.port,
  DefaultActions: listener.actions,
  ...(listener.protocol === "HTTPS" && { Certificates: listener.certificates, SslPolicy: listener.sslPolicy }),
});

function protocolOf(protocol: string | undefined, balancerArn: string): "HTTP" | "HTTPS" {
  if (protocol === undefined) throw invalid("A protocol must be specified");
  if (protocol !== "HTTP" && protocol !== "HTTPS")
    throw new Refusal(
      "UnsupportedProtocolException",
      `Listener protocol '${protocol}' is not supported with a load balancer of this type: ${balancerArn}`,
    );
  return protocol;
}

function certificatesFor(protocol: string, given: readonly Certificate[] | undefined): Certificate[] {
  if (protocol === "HTTP") {
    if (given?.length) throw invalid("Certificates cannot be specified for HTTP listeners");
    return [];
  }
  if (!given?.length) throw invalid("A certificate must be specified for HTTPS listeners");
  const bad = given.find(({ CertificateArn }) => !/^arn:aws:(acm|iam):/.test(CertificateArn ?? ""));
  if (bad !== undefined)
    throw new Refusal("CertificateNotFoundException", `Certificate ARN '${bad.CertificateArn}' is not valid`);
  return given.map(({ CertificateArn }) => ({ CertificateArn }));
}

function checkPort(state: ElbState, balancer: string, port: number, except?: Listener): void {
  const taken = Object.values(state.listeners).some(
    (other) => other !== except && other.loadBalancer === balancer && other.port === port,
  );
  if (taken)
    throw new Refusal(
      "DuplicateListenerException",
      `A listener already exists on this port for this load balancer '${balancer}'`,
    );
}

/** Listeners of load balancers. */
export const listeners: Handlers<ElasticLoadBalancingV2, ElbState> = {
  CreateListener: (input, { state, region, local }) => {
    const balancer = loadBalancerAt(state, input.LoadBalancerArn);
    const protocol = protocolOf(input.Protocol, balancer.arn);
    if (input.Port === undefined) throw invalid("A port must be specified");
    const listener: Listener = {
      arn: `${balancer.arn.replace(":loadbalancer/", ":listener/")}/${newId()}`,
      loadBalancer: balancer.arn,
      protocol,
      port: input.Port,
      certificates: certificatesFor(protocol, input.Certificates),
      sslPolicy: protocol === "HTTPS" ? (input.SslPolicy ?? "ELBSecurityPolicy-2016-08") : undefined,
      actions: actionsFrom(state, balancer.arn, input.DefaultActions),
      rules: [],
      tags: withTags([], input.Tags),
    };
    const { arn: _, tags: __, rules: ___, ...wanted } = listener;
    const twin = Object.values(state.listeners).find((other) => {
      const { arn: _arn, tags: _tags, rules: _rules, notServed: _why, ...have } = other;
      return JSON.stringify(have) === JSON.stringify(wanted);
    });
    // The same listener asked for twice is one listener.
    if (twin !== undefined) return { Listeners: [shown(twin)] };
    checkPort(state, balancer.arn, listener.port);
    state.listeners[listener.arn] = listener;
    markServed(state, balancer.arn, local);
    planeOf(local).sync(region);
    return { Listeners: [shown(listener)] };
  },
  DescribeListeners: (input, { state }) => {
    const balancer = input.LoadBalancerArn && loadBalancerAt(state, input.LoadBalancerArn).arn;
    if (balancer === undefined && !input.ListenerArns?.length)
      throw invalid("You must specify either listener ARNs or a load balancer ARN");
    const wanted = input.ListenerArns?.map((arn) => listenerAt(state, arn)) ?? Object.values(state.listeners);
    const found = wanted.filter((listener) => balancer === undefined || listener.loadBalancer === balancer);
    const { items, next } = page(found, (listener) => listener.arn, input.PageSize ?? 400, input.Marker);
    return { Listeners: items.map(shown), NextMarker: next };
  },
  ModifyListener: (input, { state, region, local }) => {
    const listener = listenerAt(state, input.ListenerArn);
    const protocol = protocolOf(input.Protocol ?? listener.protocol, listener.loadBalancer);
    const given = input.Certificates ?? (protocol === "HTTPS" ? listener.certificates : undefined);
    const certificates = certificatesFor(protocol, given);
    const port = input.Port ?? listener.port;
    checkPort(state, listener.loadBalancer, port, listener);
    const actions = input.DefaultActions && actionsFrom(state, listener.loadBalancer, input.DefaultActions);
    const sslPolicy = input.SslPolicy ?? listener.sslPolicy ?? "ELBSecurityPolicy-2016-08";
    Object.assign(listener, { protocol, port, certificates, actions: actions ?? listener.actions });
    listener.sslPolicy = protocol === "HTTPS" ? sslPolicy : undefined;
    markServed(state, listener.loadBalancer, local);
    planeOf(local).sync(region);
    return { Listeners: [shown(listener)] };
  },
  DeleteListener: (input, { state, region, local }) => {
    const listener = listenerAt(state, input.ListenerArn);
    delete state.listeners[listener.arn];
    markServed(state, listener.loadBalancer, local);
    planeOf(local).sync(region);
    return {};
  },
  DescribeListenerCertificates: (input, { state }) => ({
    Certificates: listenerAt(state, input.ListenerArn).certificates.map((one) => ({ ...one, IsDefault: true })),
  }),
};
