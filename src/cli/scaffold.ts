import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** What is written into a repository. */
export interface Scaffold {
  /** The repository's folder. */
  readonly folder: string;
  /** Where ecomctl itself is: the same folder in a checkout or a fork. */
  readonly tool: string;
  readonly version: string;
  /** The bundler's version that it builds images with. */
  readonly bundler: string;
  readonly region: string | undefined;
  readonly repository: string | null;
  readonly branch: string;
}

/** Files by their path in the repository. */
export interface Written {
  readonly written: readonly string[];
  /** There already, and left as they were. */
  readonly left: readonly string[];
}

/** Writes what a repository needs to be built and deployed; overwrites nothing. */
export function scaffold(about: Scaffold): Written {
  const { folder, tool } = about;
  const written: string[] = [];
  const left: string[] = [];
  const put = (path: string, write: (to: string) => void) => {
    const to = join(folder, path);
    if (existsSync(to)) return void left.push(path);
    mkdirSync(dirname(to), { recursive: true });
    write(to);
    written.push(path);
  };
  const file = (path: string, text: string) => put(path, (to) => writeFileSync(to, text));
  const template = (name: string) => readFileSync(join(tool, "templates", name), "utf8");

  const installed = folder !== tool;
  const words = (text: string) => (installed ? text.replaceAll("node bin/ecomctl.js", "npx ecomctl") : text);
  file("ecomctl.json", configuration(template("ecomctl.json"), about));
  file("buildspec.yml", words(template("buildspec.yml")));
  file(".github/workflows/ecomctl.yml", words(workflow(template("workflow.yml"), about.region)));
  if (installed) {
    put("services", (to) =>
      cpSync(join(tool, "services"), to, { recursive: true, filter: (from) => !/[\\/]node_modules$/.test(from) }),
    );
    file("package.json", `${JSON.stringify(packageFor(about), null, 2)}\n`);
    file(".gitignore", "node_modules/\n.ecomctl/\n");
  }
  return { written, left };
}

/** The template says everything that can be said; a region that nobody knows it does not say. */
function configuration(template: string, { folder, tool, region, repository, branch }: Scaffold): string {
  const { region: _, $schema, ...rest } = JSON.parse(template) as Record<string, unknown>;
  const schema = join(tool, String($schema));
  const from = relative(folder, schema);
  const said = {
    $schema: from.startsWith("..") ? schema : `./${from}`,
    ...rest,
    ...(region !== undefined && { region }),
    pipeline: { ...(rest.pipeline as object), repository, branch },
  };
  return `${JSON.stringify(said, null, 2)}\n`;
}

/** A region that nobody knows is a variable of the repository. */
const workflow = (template: string, region: string | undefined) =>
  template.replace(/aws-region: .*/, `aws-region: ${region ?? ["$", "{{ vars.AWS_REGION }}"].join("")}`);

/** A repository of its own holds the services, and has ecomctl as a tool. */
const packageFor = ({ version, bundler }: Scaffold) => ({
  private: true,
  type: "module",
  workspaces: ["services/*"],
  devDependencies: { ecomctl: version, esbuild: bundler },
});
