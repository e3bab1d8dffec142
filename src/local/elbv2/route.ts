import type { IncomingMessage } from "node:http";
import type { Action, RuleCondition } from "@aws-sdk/client-elastic-load-balancing-v2";
import { like } from "../like.ts";
import type { Listener } from "./state.ts";

/** Whether a request is what a condition asks for; hosts and header values know no case. */
function fits(condition: RuleCondition, request: IncomingMessage): boolean {
  const url = new URL(request.url ?? "/", "http://localhost");
  const any = (patterns: readonly string[] | undefined, text: string | undefined, flags = "s") =>
    text !== undefined && (patterns ?? []).some((pattern) => like(pattern, text, flags));
  switch (condition.Field) {
    case "path-pattern":
      return any(condition.PathPatternConfig?.Values ?? condition.Values, url.pathname);
    case "host-header":
      return any(condition.HostHeaderConfig?.Values ?? condition.Values, request.headers.host?.split(":")[0], "si");
    case "http-request-method":
      return condition.HttpRequestMethodConfig?.Values?.includes(request.method ?? "") ?? false;
    case "http-header": {
      const { HttpHeaderName = "", Values } = condition.HttpHeaderConfig ?? {};
      return any(Values, request.headers[HttpHeaderName.toLowerCase()]?.toString(), "si");
    }
    case "query-string":
      return (condition.QueryStringConfig?.Values ?? []).some(({ Key, Value = "" }) =>
        [...url.searchParams].some(
          ([key, value]) => (Key === undefined || like(Key, key, "si")) && like(Value, value, "si"),
        ),
      );
    case "source-ip":
      return (
        condition.SourceIpConfig?.Values?.some((range) => range === "0.0.0.0/0" || range.startsWith("127.")) ?? false
      );
    default:
      return false;
  }
}

/** What a listener does with a request: the first rule that fits, else its default. */
export function actionFor(listener: Listener, request: IncomingMessage): Action | undefined {
  const rule = [...listener.rules]
    .sort((a, b) => a.priority - b.priority)
    .find(({ conditions }) => conditions.every((condition) => fits(condition, request)));
  return (rule?.actions ?? listener.actions)[0];
}

/** One of the target groups of a forward action, by their weights; `chance` is from 0 to below 1. */
export function groupFor(action: Action, chance: number): string | undefined {
  const groups = action.ForwardConfig?.TargetGroups ?? [];
  const all = groups.reduce((sum, { Weight = 1 }) => sum + Weight, 0);
  let left = chance * all;
  return groups.find(({ Weight = 1 }) => {
    left -= Weight;
    return left < 0;
  })?.TargetGroupArn;
}
