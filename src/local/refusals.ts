import type { Caller, Need } from "./service.ts";
import type { Api } from "./wire/smithy.ts";
import type { WireError } from "./wire/wire.ts";

/** "Too many requests" as a service puts it. */
export function throttled(api: Api): WireError {
  if (api.protocol === "restXml") return { name: "SlowDown", message: "Please reduce your request rate.", status: 503 };
  if (api.protocol === "ec2") return { name: "RequestLimitExceeded", message: "Request limit exceeded.", status: 503 };
  if (api.protocol === "query") return { name: "Throttling", message: "Rate exceeded", status: 400 };
  return { name: "ThrottlingException", message: "Rate exceeded", status: 400 };
}

/** "You may not" as a service puts it. */
export function denied(api: Api, caller: Caller, need: Need): WireError {
  const message = `User: ${caller.arn} is not authorized to perform: ${need.action} on resource: ${need.resource} because no identity-based policy allows the ${need.action} action`;
  if (api.protocol === "ec2") {
    return {
      name: "UnauthorizedOperation",
      message: `You are not authorized to perform this operation. ${message}`,
      status: 403,
    };
  }
  if (api.protocol === "json") return { name: "AccessDeniedException", message, status: 400 };
  // SNS alone among the query services has a name of its own for it.
  if (api.errors.has("AuthorizationErrorException"))
    return { name: "AuthorizationErrorException", message, status: 403 };
  return { name: "AccessDenied", message, status: 403 };
}

/** "We broke" as AWS puts it. */
export const internalFailure = (api: Api): WireError => ({
  name: api.protocol === "restXml" ? "InternalError" : "InternalFailure",
  message: "The request processing has failed because of an unknown error, exception or failure.",
  status: 500,
});

/** A request that could not be understood. */
export const unreadable = (api: Api, reason: string): WireError =>
  api.protocol === "json"
    ? { name: "SerializationException", message: reason, status: 400 }
    : { name: api.protocol === "restXml" ? "MalformedXML" : "MalformedInput", message: reason, status: 400 };
