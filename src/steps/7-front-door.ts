import type { Aws } from "../aws/clients.ts";
import type { network } from "../aws/ec2/network.ts";
import { type Rule, securityGroup } from "../aws/ec2/security-group.ts";
import { listener } from "../aws/elbv2/listener.ts";
import { loadBalancer } from "../aws/elbv2/load-balancer.ts";
import { targetGroup } from "../aws/elbv2/target-group.ts";
import type { Shop } from "../config.ts";
import type { Resource } from "../engine/resource.ts";

/** The port of every container. */
export const PORT = 8080;
const ANYWHERE = "0.0.0.0/0";

/**
 * What stands before the services, which the guide leaves out: who may reach whom, and the load balancer in front of
 * web. Service Connect reaches tasks of the namespace only, never a visitor.
 */
export function frontDoor(
  shop: Shop,
  uses: { readonly network: ReturnType<typeof network>; readonly certificate: Resource<Aws> | undefined },
) {
  const { names } = shop;
  const balanced = { wanted: shop.loadBalancer };
  const { vpc, subnets } = uses.network.ref;
  const certificate = uses.certificate?.ref.arn ?? null;
  // AWS changes no description in place, and one that somebody else wrote does no harm.
  const group = (name: string, description: string, ingress: readonly Rule[], place?: { wanted: boolean }) =>
    securityGroup(name, { vpc, description, ingress }, { once: ["description"], ...place });

  const open = [80, ...(certificate ? [443] : [])].map((port) => ({ port, from: ANYWHERE }));
  const alb = group(names.albSecurityGroup, "Visitors to the load balancer", open, balanced);
  const visitors = shop.loadBalancer ? alb.ref.id : ANYWHERE;
  const web = group(names.webSecurityGroup, "The load balancer to the web server", [{ port: PORT, from: visitors }]);
  const backend = group(names.backendSecurityGroup, "The web server to the services behind it", [
    { port: PORT, from: web.ref.id },
  ]);

  const targets = targetGroup(
    names.targetGroup,
    { vpc, port: PORT, health: { path: "/healthz", interval: 10, healthy: 2, unhealthy: 3 }, drain: 30 },
    balanced,
  );
  const balancer = loadBalancer(
    names.loadBalancer,
    { scheme: "internet-facing", subnets: [subnets], securityGroups: [alb.ref.id] },
    balanced,
  );
  const listen = (port: number, forward: boolean, wanted: boolean) =>
    listener(
      `${balancer.name}/${port}`,
      {
        loadBalancer: balancer.ref.arn,
        port,
        protocol: port === 443 ? "HTTPS" : "HTTP",
        certificate: port === 443 ? certificate : null,
        forward: forward ? targets.ref.arn : null,
        redirect: forward ? null : 443,
      },
      { wanted: shop.loadBalancer && wanted },
    );
  const plain = listen(80, certificate === null, true);
  const secure = listen(443, true, certificate !== null);
  const behind = certificate ? secure : plain;
  return {
    web,
    backend,
    balancer,
    targets,
    /** A target group is known to services only once a listener is before it: ECS refuses it otherwise. */
    targetGroups: shop.loadBalancer ? [behind.ref.targetGroup] : [],
    resources: [alb, web, backend, targets, balancer, plain, secure],
  };
}
