import type { CommandIO, GetOutputType } from "@smithy/types";
import { Interrupted } from "../engine/problem.ts";
import { sleep } from "../engine/wait.ts";
import { gate } from "./gate.ts";

/** One module per service, naming the commands that are called: each becomes a chunk of its own, loaded at its first call. */
const modules = {
  acm: () => import("./commands/acm.ts"),
  autoscaling: () => import("./commands/autoscaling.ts"),
  cloudwatch: () => import("./commands/cloudwatch.ts"),
  codebuild: () => import("./commands/codebuild.ts"),
  codepipeline: () => import("./commands/codepipeline.ts"),
  connections: () => import("./commands/connections.ts"),
  dynamodb: () => import("./commands/dynamodb.ts"),
  ec2: () => import("./commands/ec2.ts"),
  ecr: () => import("./commands/ecr.ts"),
  ecs: () => import("./commands/ecs.ts"),
  elbv2: () => import("./commands/elbv2.ts"),
  iam: () => import("./commands/iam.ts"),
  logs: () => import("./commands/logs.ts"),
  s3: () => import("./commands/s3.ts"),
  servicediscovery: () => import("./commands/servicediscovery.ts"),
  sns: () => import("./commands/sns.ts"),
  sqs: () => import("./commands/sqs.ts"),
  sts: () => import("./commands/sts.ts"),
} as const;

export type Service = keyof typeof modules;
type Module<S extends Service> = Awaited<ReturnType<(typeof modules)[S]>>;

/** A client as plain methods: `CreateQueueCommand` becomes `createQueue(input)`. */
type Calls<M> = {
  readonly [K in keyof M as K extends `${infer Operation}Command` ? Uncapitalize<Operation> : never]: M[K] extends new (
    ...args: infer Args
  ) => infer Command
    ? (...args: Args) => Promise<GetOutputType<Command>>
    : never;
};

/** Who we are, as STS says. */
export interface Identity {
  readonly account: string;
  readonly partition: string;
  readonly arn: string;
}

/** AWS as the kinds see it: `aws.sqs.createQueue({ … })`. At most 24 calls are in flight; equal reads in flight are one call. */
export type Aws = { readonly [S in Service]: Calls<Module<S>> } & {
  readonly region: string;
  identity(): Promise<Identity>;
  /** The ARN that a name has in this account and region: `aws.arn("sns", "ecommerce-events")`. */
  arn(service: string, resource: string): Promise<string>;
  /** Waits, until an interruption at the longest: for kinds that follow their own work. */
  pause(milliseconds: number): Promise<void>;
  /** Tells what such a kind waits for. */
  waiting(id: string, why: string): void;
};

/** One call, as it begins. */
export interface Begun {
  readonly service: Service;
  /** `CreateQueue` */
  readonly operation: string;
  readonly input: object;
  readonly command: object;
}

/** A call that has ended; `error` is the name of AWS's error. */
export interface Ended {
  readonly service: Service;
  readonly operation: string;
  readonly milliseconds: number;
  readonly requestId?: string;
  readonly error?: string;
}

export interface Connection {
  readonly region: string;
  readonly endpoint?: string;
  readonly profile?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** No call begins once it is aborted; those in flight finish. */
  readonly signal?: AbortSignal;
  /** Sees each call before it is sent; what it throws is thrown by the call. */
  onCall?(begun: Begun): void;
  onAnswer?(ended: Ended): void;
  /** Told what a kind that follows its own work waits for. */
  onWaiting?(id: string, why: string): void;
}

interface Sendable {
  send(command: CommandIO<object, { $metadata: object }>): Promise<{ $metadata: { requestId?: string } }>;
  readonly config: { readonly credentials?: unknown; readonly requestHandler?: unknown };
}
interface Loaded {
  readonly reader: Sendable;
  readonly writer: Sendable;
  readonly module: Record<string, new (input: object) => CommandIO<object, { $metadata: object }>>;
}

const MOST_IN_FLIGHT = 24;
const READ_ATTEMPTS = 6;
const READS = /^(Get|List|Describe|BatchGet|BatchCheck|Head|Discover)/;

/** Whether an operation only reads. */
export const isRead = (operation: string): boolean => READS.test(operation);

/** Connects to AWS, or to any endpoint that speaks its protocols. Nothing is loaded or called before the first call. */
export function connect(connection: Connection): Aws {
  // Each client checks the version of Node for itself and prints seven lines about it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const { region, endpoint, profile, signal } = connection;
  const enter = gate(MOST_IN_FLIGHT);
  const loaded = new Map<Service, Promise<Loaded>>();
  const reading = new Map<string, Promise<unknown>>();
  let requestHandler: unknown;

  const load = (service: Service): Promise<Loaded> => {
    const loading =
      loaded.get(service) ??
      (async () => {
        // All clients share one provider, so that a profile's role is assumed and a token refreshed once.
        const credentials =
          connection.credentials ?? (service === "sts" ? undefined : (await load("sts")).reader.config.credentials);
        const module = (await modules[service]()) as unknown as Loaded["module"] & {
          Client: new (config: object) => Sendable;
        };
        // All share one pool of connections, too.
        const pool = requestHandler !== undefined && { requestHandler };
        const config = { region, endpoint, profile, ...(credentials !== undefined && { credentials }), ...pool };
        const reader = new module.Client({ ...config, maxAttempts: READ_ATTEMPTS });
        requestHandler ??= reader.config.requestHandler;
        let writer: Sendable | undefined;
        return {
          module,
          reader,
          // A write whose answer was lost is not repeated blindly: whoever called reads, and decides again.
          get writer() {
            writer ??= new module.Client({ ...config, requestHandler, maxAttempts: 1 });
            return writer;
          },
        };
      })();
    loaded.set(service, loading);
    return loading;
  };

  const send = async (service: Service, operation: string, input: object) => {
    const clients = await load(service);
    const client = isRead(operation) ? clients.reader : clients.writer;
    const Command = clients.module[`${operation}Command`];
    if (!Command) throw new TypeError(`${service} has no operation ${operation} in src/aws/commands`);
    const command = new Command(input);
    const leave = await enter();
    const began = performance.now();
    const end = (error?: string, requestId?: string) =>
      connection.onAnswer?.({ service, operation, milliseconds: performance.now() - began, error, requestId });
    try {
      if (signal?.aborted) throw new Interrupted();
      connection.onCall?.({ service, operation, input, command });
      const answer = await client.send(command);
      end(undefined, answer.$metadata.requestId);
      return answer;
    } catch (error) {
      end(error instanceof Error ? error.name : String(error));
      throw error;
    } finally {
      leave();
    }
  };

  const call = (service: Service, operation: string, input: object) => {
    if (!isRead(operation)) return send(service, operation, input);
    const key = `${service}:${operation}:${JSON.stringify(input)}`;
    const shared = reading.get(key) ?? send(service, operation, input).finally(() => reading.delete(key));
    reading.set(key, shared);
    return shared;
  };

  const calls = (service: Service) =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (input: object = {}) => {
            const name = String(method);
            return call(service, name.charAt(0).toUpperCase() + name.slice(1), input);
          },
      },
    );

  let known: Promise<Identity> | undefined;
  const identity = () => {
    known ??= (calls("sts") as Calls<Module<"sts">>).getCallerIdentity({}).then(({ Account, Arn }) => {
      if (!Account || !Arn) throw new TypeError("STS answered without account");
      return { account: Account, arn: Arn, partition: Arn.split(":")[1] ?? "aws" };
    });
    known.catch(() => {
      known = undefined;
    });
    return known;
  };
  const arn = async (service: string, resource: string) => {
    const { account, partition } = await identity();
    return `arn:${partition}:${service}:${region}:${account}:${resource}`;
  };
  const services = Object.fromEntries(Object.keys(modules).map((name) => [name, calls(name as Service)]));
  const pause = (milliseconds: number) => sleep(milliseconds, signal);
  const waiting = (id: string, why: string) => connection.onWaiting?.(id, why);
  return { ...services, region, identity, arn, pause, waiting } as Aws;
}
