import type { IncomingMessage, ServerResponse } from "node:http";
import { assumable } from "../iam/authorize.ts";
import type { Local } from "../service.ts";
import { codeBuildKeeper, codeBuildState } from "./state.ts";

/** How long a build's credentials are good, in milliseconds; the SDK asks again before that. */
const GOOD_FOR = 3_600_000;

/** What the commands of a build ask for the credentials of their role; only they know the build's id. */
export const PREFIX = "/codebuild/credentials/";

/** Answers with the credentials of a build's role while the build runs. */
export function answerBuild(request: IncomingMessage, response: ServerResponse, local: Local): void {
  request.resume();
  const { status, body } = reply((request.url ?? "").slice(PREFIX.length), local);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function reply(uuid: string, local: Local): { status: number; body: object } {
  const build = local
    .regions(codeBuildKeeper)
    .flatMap((region) => Object.values(codeBuildState(local, region).builds))
    .find(({ id, buildComplete }) => !buildComplete && id.endsWith(`:${uuid}`));
  if (!build) return { status: 404, body: { code: "BuildNotFound", message: "There is no such build." } };
  const role = build.serviceRole.split("/").at(-1) ?? "";
  const project = build.arn.replace(/:build\/.*$/, `:project/${build.projectName}`);
  const verdict = assumable(local, role, "codebuild.amazonaws.com", { "aws:SourceArn": project });
  if (!verdict.allowed) return { status: 400, body: { code: "AccessDenied", message: verdict.why } };
  const made = local.credentialsFor(role, `AWSCodeBuild-${uuid}`);
  const body = {
    RoleArn: build.serviceRole,
    AccessKeyId: made.accessKeyId,
    SecretAccessKey: made.secretAccessKey,
    Token: made.sessionToken,
    Expiration: new Date(local.clock.now() + GOOD_FOR).toISOString(),
  };
  return { status: 200, body };
}
