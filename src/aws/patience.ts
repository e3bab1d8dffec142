import type { Patience, Wait } from "../engine/wait.ts";
import { isError, namesOf, statusOf } from "./errors.ts";

interface Rule {
  /** Names of the error, with or without `Exception`; left out: any. */
  readonly names?: readonly string[];
  readonly message?: RegExp;
  readonly wait: Wait;
}

const SECOND = 1000;
const soon = (what: string): Wait => ({ what, atMost: 120 * SECOND });
const coolDown = (what: string): Wait => ({ what, atMost: 20 * 60 * SECOND });

/** The errors that pass by themselves, and how long they may take. Everything that is not here fails at once. */
const rules: readonly Rule[] = [
  // Not visible yet: IAM, ECS, SNS and SQS show to one another what was made a moment ago only after a while.
  { names: ["ClientException"], message: /role is not valid/i, wait: soon("the role to be known to ECS") },
  { names: ["InvalidInput"], message: /ot authorized to perform/, wait: soon("the role to be known to CodeBuild") },
  { names: ["InvalidStructure"], message: /not authorized/, wait: soon("the role to be known to CodePipeline") },
  {
    names: ["ValidationException"],
    message: /unable to assume IAM role/i,
    wait: soon("the role to be known to Auto Scaling"),
  },
  {
    names: ["MalformedPolicyDocument", "MalformedPolicy", "InvalidAttributeValue"],
    message: /invalid principal/i,
    wait: soon("the principal to be known"),
  },
  {
    names: ["InvalidParameter"],
    message: /unable to assume the service linked role/i,
    wait: soon("the service-linked role of ECS"),
  },
  {
    names: ["InvalidParameter"],
    message: /does not have an associated load balancer/i,
    wait: soon("the target group to be behind a listener"),
  },
  {
    names: ["InvalidParameterValue"],
    message: /dead letter target does not exist/i,
    wait: soon("the dead-letter queue to be known"),
  },
  { names: ["InvalidGroup.NotFound"], wait: soon("the security group to be known") },
  { names: ["NamespaceNotFound"], wait: soon("the namespace to be known") },
  { names: ["OperationNotFound"], wait: soon("the operation to show") },
  { names: ["ContinuousBackupsUnavailable"], wait: soon("backups to become available") },

  // Cooling down, or at odds with something that is still at work.
  {
    names: ["QueueDeletedRecently"],
    wait: { what: "SQS to give the name free, 60 s after the queue was deleted", atMost: 75 * SECOND },
  },
  { names: ["PurgeQueueInProgress"], wait: coolDown("the queue's purge to end") },
  { names: ["InvalidParameter"], message: /still Draining/i, wait: coolDown("the old service to drain") },
  {
    names: ["InvalidParameter"],
    message: /SC service is already used by/i,
    wait: coolDown("ECS to remove the old endpoint"),
  },
  {
    names: ["InvalidParameter"],
    message: /cannot be stopped while deployments are active/i,
    wait: coolDown("its deployments to end"),
  },
  {
    names: ["ClusterContainsServices", "ClusterContainsTasks", "UpdateInProgress"],
    wait: coolDown("the cluster to be empty"),
  },
  { names: ["DependencyViolation"], wait: coolDown("the network interfaces in it to go") },
  {
    names: ["DeleteConflict", "ConcurrentModification", "ConcurrentUpdate", "ConcurrentAccess", "ConflictException"],
    wait: coolDown("another change to end"),
  },
  { names: ["ResourceInUse"], message: /already exists/i, wait: soon("what is there by that name to show") },
  {
    names: ["ResourceInUse", "OperationAborted", "BucketNotEmpty", "DuplicateRequest"],
    wait: coolDown("another operation to end"),
  },

  // Taken: somebody, or our own call whose answer was lost, was quicker. Look again.
  {
    names: [
      "RepositoryAlreadyExists",
      "ResourceAlreadyExists",
      "EntityAlreadyExists",
      "QueueNameExists",
      "QueueAlreadyExists",
      "NamespaceAlreadyExists",
      "InvalidGroup.Duplicate",
      "InvalidPermission.Duplicate",
      "InvalidPermission.NotFound",
      "DuplicateListener",
      "DuplicateLoadBalancerName",
      "DuplicateTargetGroupName",
      "PipelineNameInUse",
      "BucketAlreadyOwnedByYou",
      "ImageAlreadyExists",
    ],
    wait: soon("what is there by that name to show"),
  },
  {
    names: ["InvalidParameter"],
    message: /already exists with different|was not idempotent/i,
    wait: soon("what is there by that name to show"),
  },
];

const LOST = ["TimeoutError", "RequestTimeout", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNREFUSED", "EAI_AGAIN"];
const THROTTLED = [
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
  "RequestLimitExceeded",
  "RequestThrottled",
  "ProvisionedThroughputExceeded",
  "SlowDown",
  "PriorRequestNotComplete",
];

/** Which errors of AWS pass by themselves. The SDK has already repeated what it repeats; the engine reads and decides again before each new try. */
export const patience: Patience = (error) => {
  const rule = rules.find(
    ({ names, message }) => (!names || isError(error, ...names)) && (!message || message.test(error.message)),
  );
  if (rule) return rule.wait;
  if (THROTTLED.some((name) => namesOf(error).has(name))) return soon("AWS to take more calls");
  if (LOST.some((name) => namesOf(error).has(name)) || (statusOf(error) ?? 0) >= 500)
    return { what: "AWS to answer again", atMost: 30 * SECOND };
  return undefined;
};
