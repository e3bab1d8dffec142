import type { Descriptor } from "./base.ts";
import type { Assembled, Destination, Pushed } from "./build.ts";
import { openRegistry, type Registry } from "./registry.ts";

/** Pushes an image: what the registry has stays, what a neighbour has is mounted, the rest travels; the manifest last. */
export async function push({ manifest, config, layer, base }: Assembled, to: Destination): Promise<Pushed> {
  const registry = openRegistry(to.registry, to.login);
  if ((await registry.digest(to.repository, to.tag)) === manifest.digest) {
    return { digest: manifest.digest, uploaded: 0 };
  }
  let uploaded = 0;
  const missing = async (digest: string) => !(await registry.has(to.repository, digest));
  for (const below of base.layers) {
    if ((await missing(below.digest)) && (await bring(registry, base, below, to))) uploaded++;
  }
  for (const own of [layer, config]) {
    if (!(await missing(own.digest))) continue;
    await registry.upload(to.repository, own);
    uploaded++;
  }
  try {
    await registry.putManifest(to.repository, to.tag, manifest);
  } catch (error) {
    // Another run may have pushed the same image a moment ago; an immutable tag is then refused a second time.
    if ((await registry.digest(to.repository, to.tag)) !== manifest.digest) throw error;
  }
  return { digest: manifest.digest, uploaded };
}

/** Brings a layer of the base to the image's repository; true if its bytes had to travel. */
async function bring(registry: Registry, base: Assembled["base"], { digest }: Descriptor, to: Destination) {
  if (!base.from) return false;
  const { place, registry: source } = base.from;
  if (place.registry === to.registry && (await registry.mount(to.repository, digest, place.repository))) return false;
  await registry.upload(to.repository, { digest, data: await source.blob(place.repository, digest) });
  return true;
}
