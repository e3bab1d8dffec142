/** What an error of AWS's may repeat of the request it refuses: signatures, tokens, access keys. */
const shapes: readonly [RegExp, string][] = [
  [/(x-amz-security-token["']?\s*[:=]\s*["']?)[^\s"'&,]+/gi, "$1…"],
  [/((?:X-Amz-)?Signature=)[^\s"'&,]+/gi, "$1…"],
  [/((?:X-Amz-)?Credential=)[^\s"'&,]+/gi, "$1…"],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, "…"],
];
const variables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"];
/** Shorter ones are made up for an emulator, and part of ordinary words. */
const SHORTEST = 12;

/** A text without credentials, tokens and signatures. */
export function withoutSecrets(text: string, env: NodeJS.ProcessEnv): string {
  const planted = variables.flatMap((name) => env[name] ?? []).filter((value) => value.length >= SHORTEST);
  const clean = planted.reduce((rest, value) => rest.replaceAll(value, "…"), text);
  return shapes.reduce((rest, [shape, instead]) => rest.replace(shape, instead), clean);
}
