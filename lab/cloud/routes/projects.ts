import { randomUUID } from "node:crypto";
import { found, now } from "../cloud";
import type { Cloud } from "../cloud";
import { preconditionFailed, unprocessable } from "../errors";
import { page } from "../paging";
import { NOTHING, ok, param, text, texts } from "../route";
import type { Answer, Call, Routes } from "../route";
import type { Project } from "../types";
import { ORIGIN, projectView } from "../views";
import type { JsonObject } from "../views";

/** Where the API shows a resource of a kind. */
const PLACES: Readonly<Record<string, string>> = { droplet: "droplets", floatingip: "floating_ips", vpc: "vpcs" };

function defaultProject(cloud: Cloud): Project {
    return found(cloud.account.projects.find(({ isDefault }) => isDefault));
}

/** Takes a resource out of its project. */
export function disown(cloud: Cloud, urn: string): void {
    for (const project of cloud.account.projects)
        project.resources = Object.fromEntries(Object.entries(project.resources).filter(([other]) => other !== urn));
}

/** Puts a resource into a project, the default one unless said otherwise, and out of any other. */
export function adopt(cloud: Cloud, urn: string, project = defaultProject(cloud)): void {
    disown(cloud, urn);
    project.resources[urn] = now();
}

function existing(cloud: Cloud, call: Call): Project {
    const id = param(call, "project_id");
    return id === "" ? defaultProject(cloud) : found(cloud.account.projects.find((project) => project.id === id));
}

function resourceView(urn: string, assignedAt: string, status: "ok" | "assigned"): JsonObject {
    const [, kind = "", id = ""] = urn.split(":");
    const self = `${ORIGIN}/v2/${PLACES[kind] ?? kind}/${id}`;
    return { urn, assigned_at: assignedAt, links: { self }, status };
}

function change(project: Project, call: Call): Project {
    const { name, description, purpose, environment } = project;
    const fresh = {
        name: text(call, "name") ?? name,
        description: text(call, "description") ?? description,
        purpose: text(call, "purpose") ?? purpose,
        environment: text(call, "environment") ?? environment,
    };
    return Object.assign(project, { ...fresh, updatedAt: now() });
}

function create(cloud: Cloud, call: Call): Answer {
    const blank = { name: "", description: "", purpose: "", environment: "Development", updatedAt: now() };
    const project = change({ ...blank, id: randomUUID(), isDefault: false, createdAt: now(), resources: {} }, call);
    if (cloud.account.projects.some(({ name }) => name === project.name)) throw unprocessable("name is already in use");
    cloud.account.projects.push(project);
    return { status: 201, body: { project: projectView(project) } };
}

function assign(cloud: Cloud, call: Call): Answer {
    const project = existing(cloud, call);
    const known = cloud.account.projects.flatMap(({ resources }) => Object.keys(resources));
    // The API's own name of a reserved address is still the old one.
    const urns = texts(call, "resources").map((urn) => urn.replace(/^do:reservedip:/, "do:floatingip:"));
    for (const urn of urns) if (!known.includes(urn)) throw unprocessable(`resource does not exist: ${urn}`);
    for (const urn of urns) adopt(cloud, urn, project);
    return ok({ resources: urns.map((urn) => resourceView(urn, project.resources[urn] ?? now(), "assigned")) });
}

function resources(cloud: Cloud, call: Call): Answer {
    const views = Object.entries(existing(cloud, call).resources).map(([urn, at]) => resourceView(urn, at, "ok"));
    return ok(page("resources", views, call.path, call.query));
}

function remove(cloud: Cloud, call: Call): Answer {
    const gone = existing(cloud, call);
    if (gone.isDefault) throw preconditionFailed("cannot delete the default project");
    if (Object.keys(gone.resources).length > 0) throw preconditionFailed("cannot delete a project with resources");
    cloud.account.projects = cloud.account.projects.filter((project) => project !== gone);
    return NOTHING;
}

function update(cloud: Cloud, call: Call): Answer {
    return ok({ project: projectView(change(existing(cloud, call), call)) });
}

/** Projects. */
export const projectRoutes: Routes = {
    "GET /v2/projects": (cloud, call) =>
        ok(page("projects", cloud.account.projects.map(projectView), call.path, call.query)),
    "POST /v2/projects": create,
    "GET /v2/projects/default": (cloud, call) => ok({ project: projectView(existing(cloud, call)) }),
    "GET /v2/projects/{project_id}": (cloud, call) => ok({ project: projectView(existing(cloud, call)) }),
    "PUT /v2/projects/{project_id}": update,
    "PATCH /v2/projects/{project_id}": update,
    "DELETE /v2/projects/{project_id}": remove,
    "GET /v2/projects/default/resources": resources,
    "POST /v2/projects/default/resources": assign,
    "GET /v2/projects/{project_id}/resources": resources,
    "POST /v2/projects/{project_id}/resources": assign,
};
