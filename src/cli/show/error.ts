import { requestIdOf, statusOf } from "../../aws/errors.ts";
import { asError, Interrupted, Problem } from "../../engine/problem.ts";
import type { Paint } from "../terminal.ts";

/** An error as a person or a script reads it. */
export interface Told {
  /** Stable: `credentials-expired`, or the name of AWS's error. */
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly requestId?: string;
}

type Rule = readonly [RegExp, (error: Error) => Omit<Told, "requestId">];

/** What AWS, its SDK and the network say, and what a person does about it; the first that fits counts. */
const rules: readonly Rule[] = [
  [
    /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/,
    () => ({
      code: "credentials-expired",
      what: "the credentials have expired",
      why: "AWS takes them no longer",
      next: "get new ones (`aws sso login`, or what your organisation uses), and run the command again",
    }),
  ],
  [
    /^(UnrecognizedClientException|InvalidClientTokenId|InvalidClientTokenIdException|InvalidAccessKeyId|AuthFailure|InvalidSignatureException|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken)$/,
    () => ({
      code: "credentials-invalid",
      what: "AWS does not know these credentials",
      why: "the access key, its secret or the session token is wrong, or this computer's clock is",
      next: "check AWS_PROFILE and AWS_ACCESS_KEY_ID, and `aws sts get-caller-identity`",
    }),
  ],
  [
    /^(CredentialsProviderError|ProviderError|TokenProviderError)$/,
    ({ message }) => ({
      code: "credentials-missing",
      what: "no credentials",
      why: message,
      next: "run `aws configure` or `aws sso login`, say --profile, or try it on this machine with --local",
    }),
  ],
  [
    /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|AuthorizationError|AuthorizationErrorException)$/,
    ({ name, message }) => ({
      code: name,
      what: "AWS does not allow it",
      why: message,
      next: "let somebody with the right to do so allow this action, and run the command again",
    }),
  ],
  [
    /^(OptInRequired|SubscriptionRequiredException)$/,
    ({ name, message }) => ({
      code: name,
      what: "the account may not use this service here",
      why: message,
      next: "complete the account's registration, or choose another --region",
    }),
  ],
  [
    /^(ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|ECONNRESET|ETIMEDOUT|TimeoutError)$/,
    ({ message, name }) => ({
      code: "network",
      what: "AWS cannot be reached",
      why: message || name,
      next: "check the network and the region, and run the command again",
    }),
  ],
];

/** Any error, as what, why and what to do next. `code` "bug": this should not have happened. */
export function explain(thrown: unknown): Told {
  const error = asError(thrown);
  const requestId = requestIdOf(error) ?? requestIdOf(error.cause);
  const told = saysItself(error) ?? saidByRule(error) ?? saidByAws(error) ?? bug(error);
  return { ...told, ...(requestId !== undefined && { requestId }) };
}

function saysItself(error: Error): Told | undefined {
  if (error instanceof Problem) return { code: error.code, what: error.message, why: error.why, next: error.next };
  if (error instanceof Interrupted)
    return {
      code: "interrupted",
      what: "interrupted",
      why: "nothing was changed",
      next: "run the command again",
    };
  if ("remedy" in error && "code" in error)
    return { code: String(error.code), what: "the image failed", why: error.message, next: String(error.remedy) };
  return undefined;
}

function saidByRule(error: Error): Told | undefined {
  const names = [error.name, "code" in error ? String(error.code) : ""];
  return rules.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1](error);
}

function saidByAws(error: Error): Told | undefined {
  if (!("$metadata" in error)) return undefined;
  const status = statusOf(error);
  return {
    code: error.name,
    what: `AWS refuses: ${error.name}`,
    why: error.message || (status === undefined ? "it does not say why" : `HTTP status ${status}`),
    next: "mend the cause, and run the command again: what is done already stays done",
  };
}

const bug = (error: Error): Told => ({
  code: "bug",
  what: "ecomctl failed as it should not",
  why: `${error.name}: ${error.message}`,
  next: "run it again; if it stays, report it with the lines below",
});

/** Three lines: what, why, and what to do next. */
export function errorText({ code, what, why, next, requestId }: Told, paint: Paint): string {
  const id = requestId === undefined ? "" : ` (request ${requestId})`;
  return [
    `${paint("red", "Error:")} ${what} ${paint("dim", `[${code}]`)}`,
    `  why:  ${oneLine(why)}${id}`,
    `  next: ${next}`,
  ].join("\n");
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, " ");
