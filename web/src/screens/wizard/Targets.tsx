import { MultiSelect, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, ask } from '../../api/client';
import { useCounts, useFilters, useReleases } from '../../api/hooks';
import { count, many } from '../../lib/format';
import { Empty, Loaded, Part } from '../../ui/Page';
import { To, campaignPath } from '../../ui/To';
import type { Draft } from './draft';
import classes from './Wizard.module.css';

interface Props {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

const unique = (all: string[]): string[] => [...new Set(all)].filter(Boolean).sort();

/** What a campaign is called unless it is given a name. */
const nameOf = (releases: string[]): string => (releases.length ? `${releases.join(' ')} ${new Date().toISOString().slice(0, 10)}` : '');

/** Which of a campaign's devices go back. */
function WayBack({ draft, set }: Props) {
  const campaign = useQuery({ queryKey: ['campaign', draft.of], queryFn: () => ask(api.GET('/api/v1/campaigns/{id}', { params: { path: { id: draft.of } } })) });
  return (
    <Part title="Back to what they ran before">
      <Loaded query={campaign}>
        {(c) => (
          <div className={classes.form}>
            <p data-prose>
              {many(c.tally.states?.succeeded ?? 0, 'device')} that <To to={campaignPath(c.id)}>{c.spec.name}</To> has updated get their old release again, and the configuration that belonged to it: the last backup before that update. It is proven as every other.
            </p>
            <TextInput label="Name of the campaign" required value={draft.name} onChange={(e) => set({ name: e.currentTarget.value })} maxLength={200} />
            <TextInput label="Only those with labels" placeholder="site=berlin" description="key=value, each must hold" value={draft.label} onChange={(e) => set({ label: e.currentTarget.value })} />
            <TextInput label="Only those with text" placeholder="in id, address, model or serial number" value={draft.text} onChange={(e) => set({ text: e.currentTarget.value })} />
          </div>
        )}
      </Loaded>
    </Part>
  );
}

/** What a campaign does, and for which devices. */
export const Targets = (props: Props) => (props.draft.of ? <WayBack {...props} /> : <Update {...props} />);

/** Which release, and for which devices. */
function Update({ draft, set }: Props) {
  const [open, setOpen] = useState(false);
  const releases = useReleases();
  const saved = useFilters().data ?? [];
  const fleet = useCounts({ driver: draft.driver });
  const chosen = useCounts({ driver: draft.driver, model: draft.model, version: draft.version, text: draft.text, label: /^[^=\s]+=\S+$/.test(draft.label.trim()) ? draft.label.trim() : '' });
  const all = releases.data ?? [];
  const families = unique(draft.releases.map((id) => all.find((r) => r.id === id)?.driver ?? ''));
  const alone = draft.releases.length === 1 ? families[0] : undefined;
  useEffect(() => {
    if (alone && draft.driver !== alone) set({ driver: alone });
  });
  const ours = (g: { driver: string }) => families.length === 0 || families.includes(g.driver);
  const groups = (fleet.data?.devices ?? []).filter(ours);
  const fit = (chosen.data?.devices ?? []).filter(ours);
  const n = fit.reduce((sum, g) => sum + g.devices, 0);
  // One release of each family: the one chosen last.
  const choose = (ids: string[]) => {
    setOpen(false);
    const familyOf = (id: string) => all.find((r) => r.id === id)?.driver ?? id;
    const kept = ids.filter((id, i) => !ids.slice(i + 1).some((later) => familyOf(later) === familyOf(id)));
    const before = nameOf(draft.releases);
    set({ releases: kept, driver: kept.length === 1 ? familyOf(kept[0]) : '', name: draft.name === '' || draft.name === before ? nameOf(kept) : draft.name });
  };
  if (releases.data && all.length === 0) return <Part><Empty title="There is no release yet"><To to="/releases?add=1">Add a release</To> first: it is the software that the devices are to run.</Empty></Part>;
  return (
    <div className={classes.columns}>
      <Part title="What, and where">
        <div className={classes.form}>
          <MultiSelect label="Release" description="of several families: one of each" required placeholder={draft.releases.length ? undefined : 'Choose a release'} data={all.map((r) => ({ value: r.id, label: `${r.id} · version ${r.version} · ${r.driver}` }))} value={draft.releases} onChange={choose} searchable dropdownOpened={open} onDropdownOpen={() => setOpen(true)} onDropdownClose={() => setOpen(false)} />
          <TextInput label="Name of the campaign" required value={draft.name} onChange={(e) => set({ name: e.currentTarget.value })} maxLength={200} />
          <Select label="Model" placeholder="Any" clearable data={unique(groups.map((g) => g.model))} value={draft.model || null} onChange={(v) => set({ model: v ?? '' })} />
          <Select label="Version that they run now" placeholder="Any" clearable data={unique(groups.map((g) => g.version))} value={draft.version || null} onChange={(v) => set({ version: v ?? '' })} />
          <TextInput label="Labels" placeholder="site=berlin" description="key=value, each must hold" value={draft.label} onChange={(e) => set({ label: e.currentTarget.value })} />
          {saved.length > 0 && <Select label="Saved filter" placeholder="None" clearable data={saved.map((f) => f.name)} value={draft.filter || null} onChange={(v) => set({ filter: v ?? '' })} />}
          <TextInput label="Text" placeholder="in id, address, model or serial number" value={draft.text} onChange={(e) => set({ text: e.currentTarget.value })} />
        </div>
      </Part>
      <Part title={draft.releases.length ? `${many(n, 'device')}${draft.filter ? `, of which those of the filter ${draft.filter}` : ''}` : 'Devices'}>
        {draft.releases.length === 0 ? (
          <Empty title="Choose a release first">Its family says which devices it is for.</Empty>
        ) : n === 0 ? (
          <Empty title="No device fits">Take a condition away.</Empty>
        ) : (
          <table className={classes.groups}>
            <thead>
              <tr>
                {families.length > 1 && <th scope="col">Family</th>}
                <th scope="col">Model</th>
                <th scope="col">Version now</th>
                <th scope="col" className="number">Devices</th>
              </tr>
            </thead>
            <tbody>
              {fit.map((g) => (
                <tr key={`${g.driver}\n${g.model}\n${g.version}`}>
                  {families.length > 1 && <td>{g.driver}</td>}
                  <td>{g.model || 'not read yet'}</td>
                  <td>{g.version || 'not read yet'}</td>
                  <td className="number">{count(g.devices)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Part>
    </div>
  );
}
