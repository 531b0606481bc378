import createClient from 'openapi-fetch';
import type { components, paths } from './schema';
import { authorization } from './session';

type Schemas = components['schemas'];
export type Schema<K extends keyof Schemas> = Schemas[K];
export type Device = Schema<'FleetDevice'>;
export type Run = Schema<'Run'>;
export type RunState = Schema<'ProcedureState'>;
export type Entry = Schema<'Entry'>;
export type Question = Schema<'Question'>;
export type Release = Schema<'FleetRelease'>;
export type Backup = Schema<'FleetBackup'>;
export type Difference = Schema<'Difference'>;
export type Report = Schema<'Report'>;
export type Campaign = Schema<'Campaign'>;
export type Member = Schema<'CampaignMember'>;
export type Me = Schema<'Me'>;

/** An error of the API: what, where and what to do. */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, detail: string, readonly hint: string) {
    super(detail);
  }
}

interface ProblemBody {
  detail?: string;
  title?: string;
  code?: string;
  hint?: string;
  errors?: { message?: string; location?: string }[] | null;
}

/** Makes a Problem of an answer that is none. */
export async function problemOf(response: Response, body?: unknown): Promise<Problem> {
  const text = body === undefined ? await response.text() : '';
  let p = (body ?? {}) as ProblemBody;
  if (body === undefined) {
    try {
      p = JSON.parse(text) as ProblemBody;
    } catch {
      p = { detail: text.slice(0, 500) };
    }
  }
  const more = (p.errors ?? []).map((e) => `${e.location}: ${e.message}`).join('; ');
  const detail = [p.detail || p.title || response.statusText, more].filter(Boolean).join('; ');
  return new Problem(response.status, p.code ?? '', detail, p.hint ?? '');
}

export const api = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' });
api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authorization())) request.headers.set(name, value);
    return request;
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Gives what the API answered, or throws the Problem. */
export async function ask<T>(answer: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await answer;
  } catch (e) {
    if (e instanceof DOMException) throw e; // called off
    throw new Problem(0, 'unavailable', 'the server does not answer', 'is it running, and is the network there?');
  }
  if (got.response.ok) return got.data as T;
  throw await problemOf(got.response, got.error ?? {});
}
