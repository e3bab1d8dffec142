/** Where the names and ports of a task really lead on this machine. */
export interface Places {
  /** Service Connect: `name:port` → port on 127.0.0.1. */
  readonly names: Readonly<Record<string, number>>;
  /** Container port → port on 127.0.0.1. */
  readonly ports: Readonly<Record<string, number>>;
  /** The port of the local AWS: on 127.0.0.1 it means that and no container port. */
  readonly endpoint: string;
  /** The process that runs the task, without which the task is nothing. */
  readonly parent: number;
}

type Modules = {
  readonly net: typeof import("node:net");
  readonly dns: typeof import("node:dns");
  readonly process: NodeJS.Process;
};
type Listener = (...args: unknown[]) => unknown;

/**
 * What stands for a task's own network: runs inside the task's node before its program. It is written out as text
 * (`preloadFile`), so it may use nothing but its arguments.
 */
export function preload({ net, dns, process }: Modules, { names, ports, endpoint, parent }: Places): void {
  const own = new Set(["localhost", "127.0.0.1", "::1", "0.0.0.0", "::"]);
  // ECS gives every name an address of its own in the task's hosts file: 127.255.0.1, 127.255.0.2, …
  const addresses: Record<string, string> = {};
  const targets: Record<string, number> = {};
  for (const [alias, port] of Object.entries(names)) {
    const [name = "", said = ""] = alias.toLowerCase().split(":");
    addresses[name] ??= `127.255.0.${Object.keys(addresses).length + 1}`;
    targets[`${name}:${said}`] = port;
    targets[`${addresses[name]}:${said}`] = port;
  }
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

  const isOwn = (host: string, port: unknown): boolean => own.has(host) && String(port) !== endpoint;
  const place = (options: Record<string, unknown>): Record<string, unknown> => {
    if (options.path !== undefined && options.path !== null && options.port === undefined) return options;
    const host = String(options.host ?? "localhost").toLowerCase();
    const port =
      targets[`${host}:${options.port}`] ?? (isOwn(host, options.port) ? ports[String(options.port)] : undefined);
    return port === undefined ? options : { ...options, host: "127.0.0.1", port };
  };
  const connect = net.Socket.prototype.connect as Listener;
  net.Socket.prototype.connect = function (this: unknown, ...args: unknown[]) {
    const [first, second] = args;
    if (Array.isArray(first) && isObject(first[0])) first[0] = place(first[0]);
    else if (isObject(first) && !Array.isArray(first)) args[0] = place(first);
    else if (typeof first === "number" || /^\d+$/.test(String(first))) {
      const host = typeof second === "string" ? { host: second } : {};
      args.splice(0, typeof second === "string" ? 2 : 1, place({ port: Number(first), ...host }));
    }
    return connect.apply(this, args);
  } as typeof net.Socket.prototype.connect;

  // a container has an address of its own; here the loopback stands for it, and its ports are given out
  const listen = net.Server.prototype.listen as Listener;
  net.Server.prototype.listen = function (this: unknown, ...args: unknown[]) {
    const [first] = args;
    const callback = args.filter((each) => typeof each === "function");
    const bare = first === undefined || first === null || typeof first === "function";
    const options = isObject(first) && "port" in first ? first : { port: bare ? 0 : first };
    if (!/^\d+$/.test(String(options.port))) return listen.apply(this, args);
    const port = ports[String(options.port)] ?? Number(options.port);
    return listen.call(this, { ...options, port, host: "127.0.0.1" }, ...callback);
  } as typeof net.Server.prototype.listen;

  const answer = (host: string, all: unknown) => {
    const address = addresses[host.toLowerCase()];
    if (address === undefined) {
      // no search domain and no other hosts file in a task: a bare name is Service Connect's or nobody's
      if (host.includes(".") || host.includes(":") || host === "" || own.has(host.toLowerCase())) return undefined;
      const error = new Error(`getaddrinfo ENOTFOUND ${host}`);
      return {
        error: Object.assign(error, { errno: -3008, code: "ENOTFOUND", syscall: "getaddrinfo", hostname: host }),
      };
    }
    return all ? { result: [[{ address, family: 4 }]] } : { result: [address, 4] };
  };
  const lookup = dns.lookup as unknown as Listener;
  const patched = (host: string, ...rest: unknown[]) => {
    const found = answer(String(host), isObject(rest[0]) && rest[0].all);
    const callback = rest.at(-1);
    if (!found || typeof callback !== "function") return lookup(host, ...rest);
    process.nextTick(() => (found.error ? callback(found.error) : callback(null, ...(found.result ?? []))));
    return {};
  };
  const asked = dns.promises.lookup as unknown as Listener;
  const promised = async (host: string, options?: unknown) => {
    const found = answer(String(host), isObject(options) && options.all);
    if (!found) return asked(host, options);
    if (found.error) throw found.error;
    const [first, family] = found.result ?? [];
    return Array.isArray(first) ? first : { address: first, family };
  };
  Object.assign(dns, { lookup: patched });
  Object.assign(dns.promises, { lookup: promised });

  // whoever lost the local AWS has lost its cloud: kill -9 leaves no task behind
  if (process.ppid === parent)
    setInterval(() => {
      if (process.ppid !== parent) process.exit(137);
    }, 1000).unref();
}

/** The text of a CommonJS file for `node --require`. */
export const preloadFile = (places: Places): string =>
  `(${preload.toString()})({ net: require("node:net"), dns: require("node:dns"), process }, ${JSON.stringify(places)});\n`;
