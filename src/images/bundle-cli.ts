import { bundle } from "./bundle.ts";
import { ImageProblem } from "./problem.ts";
import { packageRoot } from "./source.ts";
import { bundleFile } from "./tag.ts";

/** Bundles all three services: `npm run bundle`. */
const root = packageRoot();
for (const service of ["product-lookup", "order-processing", "web-server"]) {
  const source = { root, service };
  try {
    const bytes = await bundle(source);
    process.stdout.write(`${bundleFile(source)} ${(bytes.length / 1024).toFixed(0)} KiB\n`);
  } catch (error) {
    if (!(error instanceof ImageProblem)) throw error;
    process.stderr.write(`${error.message}\n${error.remedy}\n`);
    process.exitCode = 1;
  }
}
