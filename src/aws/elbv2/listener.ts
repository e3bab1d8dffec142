import type { Action, CreateListenerCommandInput } from "@aws-sdk/client-elastic-load-balancing-v2";
import { unlessAbsent } from "../errors.ts";
import { defineKind } from "../kind.ts";
import { allPages } from "../pages.ts";

export type ListenerSpec = {
  /** The load balancer's ARN. */
  readonly loadBalancer: string;
  readonly port: number;
  readonly protocol: "HTTP" | "HTTPS";
  /** The certificate's ARN, for HTTPS. */
  readonly certificate: string | null;
  /** The ARN of the target group that requests go to. */
  readonly forward: string | null;
  /** The port of HTTPS that requests are sent to instead. */
  readonly redirect: number | null;
};

/** A listener of a load balancer, found by its port. `targetGroup` is what stands behind it: known only once it does. */
export const listener = defineKind<ListenerSpec, "arn" | "targetGroup">({
  type: "elbv2:listener",
  outputs: ["arn", "targetGroup"],
  partOf: "loadBalancer",
  fixed: ["loadBalancer", "port"],

  async read(aws, _name, want) {
    const listeners = await allPages(async (Marker) => {
      const page = await unlessAbsent(
        aws.elbv2.describeListeners({ LoadBalancerArn: want.loadBalancer, Marker }),
        "ListenerNotFound",
        "LoadBalancerNotFound",
      );
      return { items: page?.Listeners, next: page?.NextMarker };
    });
    const it = listeners.find(({ Port }) => Port === want.port);
    if (!it?.ListenerArn) return undefined;
    const action = it.DefaultActions?.[0];
    const forward = action?.TargetGroupArn ?? action?.ForwardConfig?.TargetGroups?.[0]?.TargetGroupArn ?? null;
    return {
      spec: {
        loadBalancer: want.loadBalancer,
        port: want.port,
        protocol: it.Protocol === "HTTPS" ? "HTTPS" : "HTTP",
        certificate: it.Certificates?.[0]?.CertificateArn ?? null,
        forward,
        redirect: action?.RedirectConfig ? Number(action.RedirectConfig.Port) : null,
      },
      outputs: { arn: it.ListenerArn, ...(forward && { targetGroup: forward }) },
    };
  },

  async create(aws, _name, want) {
    await aws.elbv2.createListener({ LoadBalancerArn: want.loadBalancer, Port: want.port, ...settingsOf(want) });
  },

  async update(aws, _name, want, have) {
    await aws.elbv2.modifyListener({ ListenerArn: String(have.outputs.arn), ...settingsOf(want) });
  },

  async delete(aws, _name, have) {
    await unlessAbsent(aws.elbv2.deleteListener({ ListenerArn: String(have.outputs.arn) }), "ListenerNotFound");
  },
});

const settingsOf = (
  want: ListenerSpec,
): Pick<CreateListenerCommandInput, "Protocol" | "Certificates" | "DefaultActions"> => ({
  Protocol: want.protocol,
  ...(want.certificate && { Certificates: [{ CertificateArn: want.certificate }] }),
  DefaultActions: [actionOf(want)],
});

const actionOf = ({ forward, redirect }: ListenerSpec): Action =>
  redirect === null
    ? { Type: "forward", TargetGroupArn: forward ?? undefined }
    : { Type: "redirect", RedirectConfig: { Protocol: "HTTPS", Port: String(redirect), StatusCode: "HTTP_301" } };
