import type { Team } from "./people.ts";
import type { Caller } from "./stack.ts";

/** A number that nobody in a new project has; the last digits tell one from another. */
export function phoneOf(number: number): string {
  return `+1202555${String(1000 + number).slice(-4)}`;
}

interface Wanted {
  first_name: string;
  last_name?: string;
  middle_name?: string;
  email?: string;
  phone?: string;
  environments?: string[];
}

/** A project of its own whose users a test makes. */
export class Directory {
  readonly project: string;
  /** Ids of the environments by name. */
  readonly environments: Readonly<Record<string, string>>;
  private readonly api: Caller;
  private count = 0;

  private constructor(project: string, environments: Record<string, string>, api: Caller) {
    this.project = project;
    this.environments = environments;
    this.api = api;
  }

  static async open({ inviter }: Team, name: string): Promise<Directory> {
    const { id: project } = await inviter.call("POST", "/v1/projects", { name });
    const { items } = await inviter.call("GET", `/v1/projects/${project}/environments`);
    const named = items.map((one: { id: string; name: string }) => [one.name, one.id]);
    return new Directory(project, Object.fromEntries(named), inviter);
  }

  /** Adds a user, in Production unless other environments are named. */
  async add({ environments = ["Production"], ...wanted }: Wanted): Promise<{ id: string; phone: string }> {
    this.count += 1;
    return this.api.call("POST", `/v1/projects/${this.project}/end-users`, {
      last_name: "Lovelace",
      phone: phoneOf(this.count),
      ...wanted,
      environment_ids: environments.map((name) => this.environments[name]),
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: the tests read what they assert
  read(rest: string): Promise<any> {
    return this.api.call("GET", `/v1/projects/${this.project}/${rest}`);
  }
}

/** The address of a page of a project's settings. */
export function projectSettings(account: string, project: string, page: string): string {
  return `/console/a/${account}/p/${project}/settings/${page}`;
}
