/** Why AWS would refuse the name of a load balancer or a target group. */
export function nameProblem(what: string, name: string): string | undefined {
  if (name.length > 32) return `${what}'s name has at most 32 characters: ${name} has ${name.length}`;
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(name))
    return `${what}'s name has letters, digits and hyphens, and no hyphen at its ends`;
  return name.startsWith("internal-") ? `${what}'s name does not begin with internal-` : undefined;
}
