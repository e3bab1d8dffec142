import { isIPv4, isIPv6 } from "node:net";
import { Refusal } from "../service.ts";

/** An IPv4 network: its first address and how many it has. */
export interface Network {
  readonly first: number;
  readonly size: number;
}

const toNumber = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

/** `172.31.0.4` for its number. */
export const address = (number: number): string =>
  [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join(".");

/** @throws InvalidParameterValue */
export function network(cidr: string): Network {
  const [start = "", bits = ""] = cidr.split("/");
  if (!isIPv4(start) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32)
    throw new Refusal("InvalidParameterValue", `CIDR block ${cidr} is malformed`);
  const size = 2 ** (32 - Number(bits));
  return { first: Math.floor(toNumber(start) / size) * size, size };
}

/** As EC2 keeps a range: with the bits of the host taken out. @throws InvalidParameterValue */
export const canonical = (cidr: string): string => `${address(network(cidr).first)}/${cidr.split("/")[1]}`;

/** An IPv6 range, looked at but not rewritten. @throws InvalidParameterValue */
export function checked6(cidr: string): string {
  const [start = "", bits = ""] = cidr.split("/");
  if (!isIPv6(start) || !/^\d{1,3}$/.test(bits) || Number(bits) > 128)
    throw new Refusal("InvalidParameterValue", `CIDR block ${cidr} is malformed`);
  return cidr.toLowerCase();
}

/** Whether two networks share an address. */
export const overlap = (a: Network, b: Network): boolean => a.first < b.first + b.size && b.first < a.first + a.size;

/** Whether one network lies within another. */
export const within = (inner: Network, outer: Network): boolean =>
  inner.first >= outer.first && inner.first + inner.size <= outer.first + outer.size;
