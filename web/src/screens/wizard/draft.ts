import type { Schema } from '../../api/client';

export type Spec = Schema<'CampaignSpec'>;
export type Plan = Schema<'CampaignPlan'>;

export interface WaveDraft {
  size: number;
  unit: 'devices' | 'percent';
  threshold: number;
  soak: number; // minutes
  approval: boolean;
}

/** What the wizard has gathered. */
export interface Draft {
  name: string;
  /** The campaign whose devices go back to what they ran before; empty: they are updated. */
  of: string;
  /** One of each family. */
  releases: string[];
  driver: string;
  model: string;
  version: string;
  label: string;
  text: string;
  /** A saved filter, which narrows further. */
  filter: string;
  waves: WaveDraft[];
  failures: number;
  percent: number;
  inFlight: number;
  windowed: boolean;
  from: string;
  to: string;
  days: string[];
  zone: string;
  approval: boolean;
}

export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export const emptyDraft = (): Draft => ({
  name: '',
  of: '',
  releases: [],
  driver: '',
  model: '',
  version: '',
  label: '',
  text: '',
  filter: '',
  waves: [
    { size: 1, unit: 'devices', threshold: 100, soak: 0, approval: false },
    { size: 10, unit: 'percent', threshold: 95, soak: 0, approval: false },
  ],
  failures: 5,
  percent: 2,
  inFlight: 500,
  windowed: false,
  from: '01:00',
  to: '05:00',
  days: [...days],
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  approval: false,
});

/** The order that the draft stands for. */
export function specOf(d: Draft): Spec {
  const text = (v: string) => v.trim() || undefined;
  return {
    name: d.name.trim(),
    ...(d.of ? { goal: 'revert', of: d.of } : d.releases.length > 1 ? { goal: 'update', releases: d.releases } : { goal: 'update', release: d.releases[0] }),
    targets: { driver: text(d.driver), model: text(d.model), version: text(d.version), text: text(d.text), filter: text(d.filter), labels: text(d.label) ? d.label.trim().split(/\s+/) : undefined },
    waves: d.waves.map((w) => ({ [w.unit === 'devices' ? 'count' : 'percent']: w.size, threshold: w.threshold, soak: w.soak ? `${w.soak}m` : undefined, approval: w.approval || undefined })),
    budget: { failures: d.failures, percent: d.percent },
    caps: { inFlight: d.inFlight },
    schedule: d.windowed ? { windows: [{ from: d.from, to: d.to, days: d.days.length === 7 ? undefined : d.days }], zone: d.zone } : undefined,
    approval: d.approval || undefined,
  };
}
