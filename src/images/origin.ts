import { labels } from "./build.ts";
import type { Inputs } from "./tag.ts";

/** What an image says about its making; of an image that somebody else built, nothing. */
export interface Origin {
  /** The service's folder: `services/web-server`. */
  readonly source?: string;
  readonly inputs?: Inputs;
}

type Told = Readonly<Record<string, string>>;

/**
 * Reads what an image was made from: from its manifest, or, as container engines write nothing there, from its
 * configuration, which `fetchBlob` brings as text by its digest.
 */
export async function originOf(
  manifest: string,
  fetchBlob: (digest: string) => Promise<string | undefined>,
): Promise<Origin> {
  const { annotations, config } = JSON.parse(manifest) as { annotations?: Told; config?: { digest: string } };
  if (annotations?.[labels.inputs] !== undefined) return originIn(annotations);
  const text = config && (await fetchBlob(config.digest));
  const run = text ? (JSON.parse(text) as { config?: { Labels?: Told } | null }) : {};
  return originIn(run.config?.Labels ?? {});
}

function originIn(told: Told): Origin {
  const inputs = told[labels.inputs];
  return { source: told[labels.source], inputs: inputs === undefined ? undefined : (JSON.parse(inputs) as Inputs) };
}
