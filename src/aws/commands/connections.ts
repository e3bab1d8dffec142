import { CreateConnectionCommand as SentAgain } from "@aws-sdk/client-codestar-connections";

export {
  CodeStarConnectionsClient as Client,
  DeleteConnectionCommand,
  GetConnectionCommand,
  ListConnectionsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-codestar-connections";

/** Sent once: each CreateConnection that reaches AWS makes another connection of the same name, so a lost reply is no reason to repeat it. */
export class CreateConnectionCommand extends SentAgain {
  override resolveMiddleware: SentAgain["resolveMiddleware"] = (stack, configuration, options) => {
    const once = stack.clone();
    const place = { name: "retryMiddleware", step: "finalizeRequest", priority: "high", override: true } as const;
    once.add((next) => next, place);
    return super.resolveMiddleware(once, configuration, options);
  };
}
