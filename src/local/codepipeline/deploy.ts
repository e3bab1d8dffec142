import { ECS, type RegisterTaskDefinitionCommandInput, type Service, type TaskDefinition } from "@aws-sdk/client-ecs";
import { unzip } from "../zip.ts";
import { Interrupted, type Work } from "./action.ts";
import { ActionFailure } from "./role.ts";

const MINUTE = 60_000;
/** How often AWS looks at a deployment. */
const LOOKS = 10_000;

const wrong = (why: string) => new ActionFailure("ConfigurationError", `Invalid action configuration: ${why}`);

/**
 * Deploys images to an ECS service as the standard action does: the revision that the service runs, and no newer one, is
 * registered again with other images. It waits for the service to be steady, and knows nothing of circuit breakers: a
 * deployment that was rolled back is waited for until the time is up. Throws ActionFailure.
 */
export async function deploy(work: Work): Promise<void> {
  const { local, region, record, configuration, role, signal } = work;
  const { ClusterName: cluster, ServiceName: name = "", FileName: file = "imagedefinitions.json" } = configuration;
  const credentials = local.credentialsFor(role.name, record.id);
  const ecs = new ECS({ endpoint: local.url, region, credentials, maxAttempts: 3 });
  try {
    const look = async () => {
      const { services: [found] = [] } = await ecs.describeServices(
        { cluster, services: [name] },
        { abortSignal: signal },
      );
      if (!found || found.status === "INACTIVE") throw wrong(`The Amazon ECS service '${name}' does not exist.`);
      return found;
    };
    if (record.target === undefined) {
      const images = await imagesIn(work, file);
      const { taskDefinition } = await look();
      const running = await ecs.describeTaskDefinition({ taskDefinition, include: ["TAGS"] });
      const tags = running.tags?.length ? running.tags : undefined;
      const registered = await ecs.registerTaskDefinition({ ...withImages(running.taskDefinition, images), tags });
      const target = registered.taskDefinition?.taskDefinitionArn;
      const { service } = await ecs.updateService({ cluster, service: name, taskDefinition: target });
      const deployment = service?.deployments?.find(({ status }) => status === "PRIMARY")?.id;
      Object.assign(record, { target, externalId: deployment });
      record.externalUrl = `https://${region}.console.aws.amazon.com/ecs/v2/clusters/${cluster}/services/${name}/deployments?region=${region}`;
      work.save();
    }
    await steady(work, look);
  } catch (error) {
    throw signal.aborted ? new Interrupted() : inWords(error);
  } finally {
    ecs.destroy();
  }
}

async function steady({ local, record, configuration, signal }: Work, look: () => Promise<Service>): Promise<void> {
  const minutes = Number(configuration.DeploymentTimeout ?? 60);
  const until = record.startedAt + minutes * MINUTE;
  for (;;) {
    const service = await look();
    const state = stateOf(service, record.externalId, record.target);
    if (state === "steady") {
      record.summary = `Deployment of ${record.target?.split("/").at(-1)} completed`;
      return;
    }
    const left = until - local.clock.now();
    // Nothing comes of a deployment that is over: what is left is a wait like any other, short where waits are short.
    if (state !== "busy") await local.clock.sleep(Math.max(0, local.lasts(left)), signal);
    if (state !== "busy" || left <= 0) {
      const why = state === "busy" ? service.events?.[0]?.message : state;
      throw new ActionFailure(
        "TimedOut",
        `The deployment to the Amazon ECS service '${service.serviceName}' did not reach a steady state within ${minutes} minutes${why ? `: ${why}` : ""}`,
      );
    }
    await local.clock.sleep(Math.max(250, local.lasts(LOOKS)), signal);
  }
}

/** Whether a deployment is done, under way, or over without an end: then why. */
function stateOf(service: Service, id: string | undefined, target: string | undefined): string {
  const { deployments = [], desiredCount, runningCount } = service;
  const primary = deployments.find(({ status }) => status === "PRIMARY");
  const own = deployments.find((each) => each.id === id);
  if (own?.rolloutState === "FAILED") return own.rolloutStateReason ?? "the deployment failed";
  if (primary?.taskDefinition !== target && primary?.id !== id)
    return (
      rolledBack(primary?.rolloutStateReason) ?? `another deployment runs ${primary?.taskDefinition?.split("/").at(-1)}`
    );
  const settled = primary?.rolloutState === "COMPLETED" && deployments.length === 1 && runningCount === desiredCount;
  return settled ? "steady" : "busy";
}

const rolledBack = (reason = "") => (/roll/i.test(reason) ? reason : undefined);

interface ImageDefinition {
  readonly name: string;
  readonly imageUri: string;
}

async function imagesIn({ inputs: [input], role }: Work, file: string): Promise<ImageDefinition[]> {
  if (!input) throw wrong("it has no input artifact");
  const archive = await role.read(input.place, input.name);
  const found = unzip(archive).find(({ path }) => path === file);
  if (!found)
    throw wrong(
      `Did not find the image definition file ${file} in the input artifacts ZIP file. Verify the file is stored in your pipeline's Amazon S3 artifact bucket: ${input.place.bucket} key: ${input.place.key}`,
    );
  let told: unknown;
  try {
    told = JSON.parse(found.bytes.toString());
  } catch {
    throw wrong(`The image definition file ${file} contains invalid JSON format`);
  }
  if (found.bytes.length > 100 * 1024) throw wrong(`The image definition file ${file} is larger than 100 KB`);
  if (!Array.isArray(told) || told.length === 0 || !told.every(isDefinition))
    throw wrong(`The image definition file ${file} is not a list of objects with "name" and "imageUri"`);
  return told;
}

const isDefinition = (each: unknown): each is ImageDefinition =>
  typeof each === "object" &&
  each !== null &&
  typeof Reflect.get(each, "name") === "string" &&
  typeof Reflect.get(each, "imageUri") === "string";

/** What can be registered of a revision that was read, with other images. */
function withImages(
  running: TaskDefinition | undefined,
  images: readonly ImageDefinition[],
): RegisterTaskDefinitionCommandInput {
  const {
    taskDefinitionArn: _arn,
    revision: _revision,
    status: _status,
    requiresAttributes: _attributes,
    compatibilities: _compatibilities,
    registeredAt: _registered,
    deregisteredAt: _deregistered,
    deleteRequestedAt: _deleted,
    registeredBy: _by,
    ...rest
  } = running ?? {};
  const { containerDefinitions = [], family } = rest;
  const stranger = images.find(({ name }) => containerDefinitions.every((container) => container.name !== name));
  if (stranger) throw wrong(`The AWS ECS container ${stranger.name} does not exist`);
  return {
    ...rest,
    family,
    containerDefinitions: containerDefinitions.map((container) => ({
      ...container,
      image: images.find(({ name }) => name === container.name)?.imageUri ?? container.image,
    })),
  };
}

function inWords(error: unknown): unknown {
  if (error instanceof ActionFailure || !(error instanceof Error)) return error;
  if (error.name === "AccessDeniedException")
    return new ActionFailure(
      "PermissionError",
      `The provided role does not have sufficient permissions to access ECS: ${error.message}`,
    );
  if ("$fault" in error) return wrong(error.message);
  return error;
}
