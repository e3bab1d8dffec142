import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Made anew by every process: a login does not outlive the registry it was made for. */
const key = randomBytes(32);

const mac = (text: string): string => createHmac("sha256", key).update(text).digest("base64url");

/** What a registry password stands for. The region is in it because all regions share this one registry's port. */
export interface Pass {
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** Good for this path alone; left out: for everything. */
  readonly path?: string;
}

/** Signs a pass. */
export function sign(pass: Pass): string {
  const text = Buffer.from(JSON.stringify(pass)).toString("base64url");
  return `${text}.${mac(text)}`;
}

/** Reads a pass; undefined if this process did not sign it. It may have expired. */
export function verify(signed: string): Pass | undefined {
  const [text = "", proof = ""] = signed.split(".");
  const [wanted, given] = [Buffer.from(mac(text)), Buffer.from(proof)];
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return undefined;
  return JSON.parse(Buffer.from(text, "base64url").toString()) as Pass;
}
