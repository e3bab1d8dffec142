import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type Faults, type RecordedCall, record } from "./faults.ts";
import { refusalOf, violations } from "./limits.ts";
import { denied, internalFailure, throttled, unreadable } from "./refusals.ts";
import { type AnyService, type Call, type Caller, type Local, Refusal } from "./service.ts";
import type { Store } from "./store.ts";
import { cbor } from "./wire/cbor.ts";
import { json } from "./wire/json.ts";
import { ec2, query } from "./wire/query.ts";
import { restXml } from "./wire/rest.ts";
import { type Api, describeApi } from "./wire/smithy.ts";
import { checkTypes } from "./wire/types.ts";
import type { Wire, WireError, WireReply, WireRequest } from "./wire/wire.ts";

/** What a call needs of the server. */
export interface Backend {
  readonly services: ReadonlyMap<string, AnyService>;
  readonly local: Local;
  readonly store: Store;
  readonly faults: Faults;
  readonly calls: RecordedCall[];
  /** How many calls are recorded. */
  readonly remembers: number;
  callerOf(accessKeyId: string): Caller;
  /** Whether a role's policies allow something. */
  allows(role: string, need: { action: string; resource: string }): boolean;
}

/** Who signed a request, for which region and service. */
export interface Signature {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

type Handler = (input: Record<string, unknown>, call: Call<unknown>) => unknown;
type Input = Record<string, unknown>;

/** Services whose clients of a younger name speak the same API. */
const renamed: Readonly<Record<string, string>> = { codeconnections: "codestar-connections" };

/** A reply, or word that the connection is to be dropped without one. */
export type Outcome = WireReply | "lost";

/** Whether an operation leaves everything as it is. */
export const isRead = (operation: string): boolean =>
  /^(Get|List|Describe|BatchGet|Head|Query|Scan|Select|Lookup|Search|Filter|Check|Simulate|Discover|TransactGet)/.test(
    operation,
  );

/** Answers API requests: finds the service, reads, checks, calls the handler, keeps the state, writes. */
export class Dispatcher {
  readonly #backend: Backend;
  readonly #apis = new Map<string, Promise<Api>>();
  readonly #stale = new Map<string, { left: number; state: unknown }>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async answer(request: WireRequest, signature: Signature | undefined, signal: AbortSignal): Promise<Outcome> {
    const requestId = randomUUID();
    const service = signature && this.#backend.services.get(renamed[signature.service] ?? signature.service);
    if (!signature || !service) return strangers(request, requestId, signature?.service);
    const api = await this.#api(service);
    const wire = wireFor(api, request);
    try {
      return await this.#call({ service, api, wire, request, signature, requestId, signal });
    } catch (error) {
      if (error instanceof Refusal) return wire.refuse(api, error, requestId);
      this.#backend.local.warn(`${service.id}: ${error instanceof Error ? error.stack : error}`);
      return wire.refuse(api, internalFailure(api), requestId);
    }
  }

  #api(service: AnyService): Promise<Api> {
    let api = this.#apis.get(service.id);
    if (!api) {
      api = service.load().then(describeApi);
      this.#apis.set(service.id, api);
      // A failed load is tried again by the next request.
      api.catch(() => this.#apis.delete(service.id));
    }
    return api;
  }

  async #call(asked: Asked): Promise<Outcome> {
    const { service, api, wire, request, signature, requestId, signal } = asked;
    const { faults, local, calls, remembers } = this.#backend;
    const refuse = (error: WireError) => wire.refuse(api, error, requestId);

    const name = wire.operationName(api, request);
    const operation = name === undefined ? undefined : api.operations.get(name);
    const handler = operation && handlerOf(service, operation.name);
    if (!operation || !handler) return refuse(wire.unknownOperation(api, name));

    let input: Input;
    try {
      input = await wire.read(operation, request);
      checkTypes(operation.input, input);
    } catch (error) {
      return refuse(unreadable(api, (error as Error).message));
    }
    const caller = this.#backend.callerOf(signature.accessKeyId);
    const call = { service: service.id, operation: operation.name, input, caller, at: local.clock.now() };
    record(calls, call, remembers);

    const verdict = faults.judge(service.id, operation.name);
    if (verdict.delay > 0) await wait(verdict.delay);
    if (verdict.refusal) {
      if ("throttle" in verdict.refusal) return refuse(throttled(api));
      const { error, message = "Injected by a rule of the local AWS.", status } = verdict.refusal;
      return refuse({ name: error, message, status });
    }

    const broken = await violations(service.id, operation.name, input);
    if (broken.length > 0) return refuse(refusalOf(api, service.id, broken));

    const about = {
      operation: operation.name,
      region: signature.region,
      account: local.account,
      caller,
      requestId,
      signal,
      local,
    };
    const lacking = this.#lacking(service, input, about);
    if (lacking) return refuse(denied(api, caller, lacking));

    const reply = await this.#run(service, handler, input, about, verdict.stale).then(
      (output) => wire.answer(api, operation, output ?? {}, requestId),
      (error) => {
        if (error instanceof Refusal) return refuse(error);
        throw error;
      },
    );
    await verdict.held(signal);
    return verdict.loseReply ? "lost" : reply;
  }

  #lacking(service: AnyService, input: Input, about: Omit<Call<unknown>, "state">) {
    const { role } = about.caller;
    if (role === undefined) return undefined;
    const needs = service.needs?.(about.operation, input, about) ?? [
      { action: `${service.id}:${about.operation}`, resource: "*" },
    ];
    return needs.find((need) => !this.#backend.allows(role, need));
  }

  async #run(service: AnyService, handler: Handler, input: Input, about: Omit<Call<unknown>, "state">, stale: number) {
    const { store } = this.#backend;
    const { region } = about;
    const place = `${service.id} ${service.global ? "" : region}`;
    if (isRead(about.operation)) {
      const old = this.#stale.get(place);
      if (old && --old.left <= 0) this.#stale.delete(place);
      return (await handler(input, { ...about, state: old?.state ?? store.state(service, region) })) as
        | object
        | undefined;
    }
    if (stale > 0) this.#stale.set(place, { left: stale, state: store.snapshot(service, region) });
    try {
      return (await handler(input, { ...about, state: store.state(service, region) })) as object | undefined;
    } finally {
      await store.keep(service, region);
    }
  }
}

interface Asked {
  readonly service: AnyService;
  readonly api: Api;
  readonly wire: Wire;
  readonly request: WireRequest;
  readonly signature: Signature;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

function handlerOf(service: AnyService, operation: string): Handler | undefined {
  const handler: unknown = Object.hasOwn(service.handlers, operation) && Reflect.get(service.handlers, operation);
  return typeof handler === "function" ? (input, call) => handler.call(service.handlers, input, call) : undefined;
}

const wires: Record<Api["protocol"], Wire> = { json, query, ec2, restXml };

const wireFor = (api: Api, request: WireRequest): Wire =>
  request.headers["smithy-protocol"] === "rpc-v2-cbor" ? cbor : wires[api.protocol];

/** What a request gets that is not signed, or is meant for a service that is not here. */
function strangers(request: WireRequest, requestId: string, service: string | undefined): WireReply {
  const target = request.headers["x-amz-target"];
  const nobody: Api = {
    protocol: target ? "json" : "query",
    operations: new Map(),
    errors: new Map(),
    jsonVersion: "1.1",
    queryCompatible: false,
    namespace: "",
    xmlNamespace: "",
    version: "",
  };
  const error: WireError = service
    ? {
        name: target ? "UnknownOperationException" : "InvalidAction",
        message: `The local AWS has no service ${service}.`,
        status: target ? 400 : 404,
      }
    : { name: "MissingAuthenticationToken", message: "Request is missing Authentication Token", status: 403 };
  return wires[nobody.protocol].refuse(nobody, error, requestId);
}
